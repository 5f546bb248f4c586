"""PPO as it is used, written out once more in NumPy, is what the package runs; in another order it is not."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from pgcompanion import Adam, Critic, Rollouts, ppo
from pgcompanion.batches.rollouts import Stream
from pgcompanion.policies import MLP, NeuralSoftmax

T, ENVS, GAMMA, LAM, EPS, ETA, EPOCHS, PART = 24, 4, 0.99, 0.95, 0.2, 0.01, 3, 16


def parts(seed: int):
    envs = gym.make_vec("CartPole-v1", num_envs=ENVS)
    rng = np.random.default_rng(seed)
    policy = NeuralSoftmax(inputs=4, A=2, hidden=(8,))
    critic = Critic(MLP(4, 1, hidden=(8,)), np.random.default_rng(seed + 1))
    return envs, rng, policy, critic


def written_out(seed: int, K: int, *, fit_first: bool = False, scaled: bool = True) -> np.ndarray:
    """The lines of the book's box, one after the other."""
    envs, rng, policy, critic = parts(seed)
    shuffle, stream = np.random.default_rng(seed + 2), Stream(envs, rng)
    theta = policy.init(np.random.default_rng(seed + 3))
    for _ in range(K):
        x = stream.take(policy, theta, T, rng, policy.room(ENVS))  # collect
        V = critic.value(np.concatenate([x.s, stream.s[None]]))
        V_next = np.where(x.terminated, 0.0, V[1:])
        V, A, ahead = V[:-1], np.zeros((T, ENVS)), np.zeros(ENVS)
        for t in reversed(range(T)):  # generalized advantages
            going = ~(x.done[t] | ~x.taken[t])
            ahead = x.r[t] + GAMMA * V_next[t] - V[t] + GAMMA * LAM * going * ahead
            A[t] = ahead
        s, a, A, target = x.s[x.taken], x.a[x.taken], A[x.taken], (A + V)[x.taken]
        critic.fit(s, target)
        if fit_first:  # the control: the critic has seen the returns that it is to be compared with
            A = target - critic.value(s)
        old = policy.log_prob(theta, s, a)
        A = (A - A.mean()) / (A.std() + 1e-8) if scaled else A
        adam = Adam(policy.p, ETA)
        for _ in range(EPOCHS):
            order = shuffle.permutation(len(A))
            for start in range(0, len(A), PART):
                i = order[start : start + PART]
                log_prob, pull = policy.log_prob_vjp(theta, s[i], a[i])
                u = np.exp(log_prob - old[i])
                paid = np.where(A[i] > 0, u < 1 + EPS, u > 1 - EPS)
                theta = theta + adam.step(pull(A[i] * u * paid / len(i)))
    return theta


@pytest.mark.statement("ppo_practice")
def test_the_box_is_what_the_package_runs(measure):
    """Up to the single precision of the passes. The controls: the critic fitted first, and advantages not scaled."""
    seed, K = 5, 3
    envs, rng, policy, critic = parts(seed)
    source = Rollouts(envs, steps=T, rng=rng, critic=critic, gamma=GAMMA, lam=LAM, normalise=True)
    theta = policy.init(np.random.default_rng(seed + 3))
    options = {"eps": EPS, "eta": ETA, "epochs": EPOCHS, "minibatch": PART}
    *_, last = ppo(source, policy, theta, rng=np.random.default_rng(seed + 2), K=K, **options)
    moved = np.abs(last.theta - theta).max()
    off = written_out(seed, K) - last.theta
    assert measure(off, over=policy.p, of="parameters") < 1e-5 * moved
    for wrong in (written_out(seed, K, fit_first=True), written_out(seed, K, scaled=False)):
        assert np.abs(wrong - last.theta).max() > 1e-3 * moved
