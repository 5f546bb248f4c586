"""The variance of any estimator on an MDP of one's own, exact and sampled."""

import numpy as np

import pgcompanion as pg
from pgcompanion.estimators import at_states, moments, per_trajectory_gradients, reward_to_go

# Two states, two actions: action 1 changes the state, and only state 1 pays.
P = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
mdp = pg.MDP(P, r=[[0.0, 0.0], [1.0, 1.0]], mu0=[1.0, 0.0], H=4)
policy, rng = pg.TabularSoftmax(2, 2), np.random.default_rng(0)
theta = rng.normal(size=policy.p)
values = pg.exact.evaluate(mdp, policy.table(theta))
estimators = {
    "rewards to go": lambda tau: reward_to_go(tau.r),
    "less the value": lambda tau: reward_to_go(tau.r) - at_states(values.V, tau),
    "my own": lambda tau: tau.r.sum(axis=1, keepdims=True) - 0.5 * reward_to_go(tau.r),
}
tau = pg.sample(mdp, policy.table(theta), 200_000, rng)
exact, sampled, means = {}, {}, {}
for name, psi in estimators.items():
    means[name], covariance = moments(mdp, policy, theta, psi)
    exact[name] = np.trace(covariance)
    sampled[name] = per_trajectory_gradients(policy, theta, tau, psi(tau)).var(axis=0).sum()
    print(f"{name:15s} {exact[name]:.4f} {sampled[name]:.4f}")
true = pg.exact.gradient(mdp, policy, theta)
