"""Groups: what each advantage climbs, exactly, by listing every group; and what samples say."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import comb

import numpy as np
import pytest

import pgcompanion as pg
from pgcompanion import exact, language, objectives
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import per_trajectory_gradients

EXACT = 1e-11
SIZES = [2, 3, 4]
grpo = partial(language.group_advantage, std=True)


def mean_estimate(model, G, advantage):
    """The exact mean of (1/G) Σ A_i s_i over prompts and groups, ``(p,)``."""
    p = model.p(model.theta)
    c = [language.mean_coefficients(*row, G, advantage) for row in zip(p, model.r, strict=True)]
    return np.einsum("x,xy,xyp->p", model.mu, np.array(c), model.scores)


def success(model):
    """The success probability of each prompt and its gradient, ``(X,)`` and ``(X, p)``."""
    p = model.p(model.theta)
    return (p * model.r).sum(axis=1), np.einsum("xy,xy,xyp->xp", p, model.r, model.scores)


# --- Means ----------------------------------------------------------------------------------------


@pytest.mark.statement("group_baselines")
@pytest.mark.parametrize("G", [2, 3])
def test_leave_one_out_is_unbiased_and_the_mean_is_short_by_one_in_g(graded, G, measure):
    """Each is the other's control: they differ by the factor 1 − 1/G."""
    g = exact.gradient(graded.mdp, graded.policy, graded.theta)
    loo = mean_estimate(graded, G, language.leave_one_out)
    mean = mean_estimate(graded, G, language.group_advantage)
    errors = [loo - g, mean - (1 - 1 / G) * g]
    assert measure(errors, over=graded.r.shape[1] ** G, of="groups") < EXACT
    assert np.abs(mean - g).max() > 1e-2


@pytest.mark.statement("group_baselines")
def test_the_two_differ_by_a_factor(rng):
    """The control counts a reward in its own baseline."""
    r = rng.normal(size=(5, 7))
    loo, mean = language.leave_one_out(r), language.group_advantage(r)
    np.testing.assert_allclose(mean, 6 / 7 * loo, atol=EXACT)
    others = (r.sum(axis=1, keepdims=True) - r) / 6
    np.testing.assert_allclose(loo, r - others, atol=EXACT)
    assert np.abs(loo - (r - r.mean(axis=1, keepdims=True))).max() > 1e-2


@pytest.mark.statement("group_std")
@pytest.mark.parametrize("G", SIZES)
@pytest.mark.parametrize("ddof", [0, 1])
def test_dividing_by_the_deviation_weighs_each_prompt(verifiable, G, ddof, measure):
    """The mean is c_G(p) ∇p, exactly. The control has the other deviation."""
    p, dp = success(verifiable)
    got = mean_estimate(verifiable, G, partial(grpo, ddof=ddof))
    right = verifiable.mu * language.group_weight(p, G, ddof) @ dp
    assert measure(got - right, over=verifiable.r.shape[1] ** G, of="groups") < EXACT
    wrong = verifiable.mu * language.group_weight(p, G, 1 - ddof) @ dp
    assert np.abs(got - wrong).max() > 1e-3


@pytest.mark.statement("group_std")
def test_two_or_three_responses_weigh_every_prompt_alike_and_four_do_not():
    """c₂ = 1 and c₃ = √2; the control is c₄."""
    p = np.linspace(0, 1, 11)
    np.testing.assert_allclose(language.group_weight(p, 2), 1.0, atol=EXACT)
    np.testing.assert_allclose(language.group_weight(p, 3), np.sqrt(2), atol=EXACT)
    assert np.ptp(language.group_weight(p, 4)) > 0.1


@pytest.mark.statement("group_std")
@pytest.mark.parametrize("G", [2, 5, 17])
def test_the_weight_is_the_polynomial_of_the_theorem(G):
    """Against the mean over every group of successes and failures. The control has 1/(G−1)."""
    p = np.array([0.05, 0.3, 0.5, 0.9])
    k = np.arange(G + 1)
    rewards = (k[:, None] > np.arange(G)) * 1.0
    chance = np.array([comb(G, i) for i in k]) * p[:, None] ** k * (1 - p[:, None]) ** (G - k)
    A = grpo(rewards)
    # With k successes: (1/G) Σ A_i s_i has the mean (1/G) (k A₊ / p − (G − k) A₋ / (1 − p)) ∇p.
    plus, minus = (A * rewards).sum(axis=1), (A * (1 - rewards)).sum(axis=1)
    by_hand = (chance * (plus / p[:, None] - minus / (1 - p[:, None]))).sum(axis=1) / G
    np.testing.assert_allclose(language.group_weight(p, G), by_hand, rtol=1e-10)
    assert np.abs(language.group_weight(p, G, ddof=1) - by_hand).max() > 1e-2


@pytest.mark.statement("group_std")
def test_many_responses_climb_the_arcsine():
    """c_G(p) √(p(1−p)) → 1: the derivative of 2 arcsin √p. The control is the weight of log p."""
    p = np.array([0.02, 0.1, 0.5])
    ends = {G: language.group_weight(p, G) * np.sqrt(p * (1 - p)) for G in (4, 64, 4096)}
    gaps = [np.abs(1 - ends[G]) for G in (4, 64, 4096)]
    assert (gaps[1] < gaps[0]).all()
    assert (gaps[2] < gaps[1]).all()
    assert gaps[2].max() < 0.01
    np.testing.assert_allclose(
        complex_step(lambda x: 2 * np.arcsin(np.sqrt(x)), p).diagonal(),
        1 / np.sqrt(p * (1 - p)),
        atol=1e-10,
    )
    assert np.abs(language.group_weight(p, 4096) * p - 1).max() > 0.1


@pytest.mark.statement("group_std")
@pytest.mark.parametrize("G", [4, 16, 64])
def test_the_weight_of_a_small_group_is_not_yet_the_arcsine(G):
    """c_G(p) √(p(1−p)) as a binomial mean, term by term. The control is the limit, which is 1 everywhere."""
    for p in (0.02, 0.1, 0.5):
        chance = [comb(G, k) * p**k * (1 - p) ** (G - k) for k in range(G + 1)]
        spread = sum(c * np.sqrt(k * (G - k)) for k, c in enumerate(chance)) / G
        scaled = language.group_weight(p, G) * np.sqrt(p * (1 - p))
        assert scaled == pytest.approx(spread / np.sqrt(p * (1 - p)), abs=EXACT)
        assert abs(scaled - 1) > 1e-3


@pytest.mark.statement("group_std")
def test_the_weight_at_the_ends_is_the_limit():
    """√(G−1) at 0 and at 1, and finite; the control is what the limit of large groups would say."""
    for G in (2, 4, 300, 5000):
        ends = language.group_weight([0.0, 1.0], G)
        np.testing.assert_allclose(ends, np.sqrt(G - 1), rtol=1e-10)
        near = language.group_weight([1e-9, 1 - 1e-9], G)
        np.testing.assert_allclose(near, ends, rtol=1e-4)
    assert 1 / np.sqrt(1e-9) > 100 * language.group_weight(1e-9, 4)


@pytest.mark.statement("success_transforms")
@pytest.mark.parametrize("k", [1, 2, 5])
def test_pass_at_k_asks_for_hard_prompts(verifiable, k, measure):
    """∇[1 − (1−p)^k] = k (1−p)^{k−1} ∇p. The control forgets the factor."""
    p, dp = success(verifiable)

    def at_least_one(theta):
        succeeds = (np.exp(verifiable.log_p(theta)) * verifiable.r).sum(axis=1)
        return verifiable.mu @ (1 - (1 - succeeds) ** k)

    truth = verifiable.derivative(at_least_one)
    got = verifiable.mu * language.pass_at_k_weight(p, k) @ dp
    assert measure(got - truth, over=verifiable.r.size, of="responses") < EXACT
    plain = verifiable.mu @ dp
    assert k == 1 or np.abs(plain - truth).max() > 1e-2
    np.testing.assert_array_equal(language.pass_at_k_weight([0.0, 1.0], k), [k, float(k == 1)])


@pytest.mark.statement("success_transforms")
def test_learning_from_right_answers_alone_climbs_log_p(verifiable):
    """E[∇log π | r = 1] = ∇ log p: the weight 1/p. The control is E[r ∇log π] = ∇p."""
    p, dp = success(verifiable)
    given_right = np.einsum(
        "xy,xy,xyp->xp", verifiable.p(verifiable.theta), verifiable.r, verifiable.scores
    )
    given_right = given_right / p[:, None]

    def log_success(theta):
        return np.log((np.exp(verifiable.log_p(theta)) * verifiable.r).sum(axis=1))

    truth = verifiable.derivative(log_success)
    np.testing.assert_allclose(given_right, truth, atol=EXACT)
    np.testing.assert_allclose(dp / p[:, None], truth, atol=EXACT)
    assert np.abs(dp - truth).max() > 1e-2


# --- Corners --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 0.1, 0.35, -7.3e-9, 1e12])
@pytest.mark.parametrize("G", [2, 3, 7])
def test_a_group_of_equal_rewards_says_nothing(value, G):
    """0, not NaN; and not a rounding error divided by itself, which the control is."""
    r = np.full((2, G), value)
    for advantage in (
        language.leave_one_out,
        language.group_advantage,
        grpo,
        partial(grpo, ddof=1),
    ):
        np.testing.assert_array_equal(advantage(r), 0.0)
    assert np.abs(np.full(3, 0.1) - np.full(3, 0.1).sum() / 3).max() > 0.0


def test_groups_stand_along_the_last_axis(rng):
    r = rng.normal(size=(2, 4, 5))
    for advantage in (language.leave_one_out, language.group_advantage, grpo):
        one_by_one = [[advantage(group) for group in groups] for groups in r]
        np.testing.assert_allclose(advantage(r), one_by_one, atol=EXACT)
    np.testing.assert_allclose(grpo(r).std(axis=-1), 1.0)
    np.testing.assert_allclose(grpo(r, ddof=1).std(axis=-1, ddof=1), 1.0)


@pytest.mark.parametrize("f", [language.leave_one_out, language.group_advantage, grpo])
def test_one_response_is_no_group(f):
    for r in ([1.0], [[1.0], [2.0]], 3.0):
        with pytest.raises(ValueError, match=r"\br\b.*at least 2"):
            f(r)
    for G in (1, 0):
        with pytest.raises(ValueError, match=r"\bG\b"):
            language.group_weight(0.5, G)


def test_integers_are_rewards_too():
    assert language.leave_one_out([1, 0, 0])[1] == -0.5
    assert language.group_weight(0, 4).shape == language.pass_at_k_weight(1, 3).shape == ()


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan])
def test_a_probability_lies_between_0_and_1(p):
    for f in (language.group_weight, language.pass_at_k_weight):
        with pytest.raises(ValueError, match=r"\bp\b"):
            f(p, 2)


# --- Samples --------------------------------------------------------------------------------------


@pytest.mark.statement("group_baselines", "group_std")
def test_sampled_groups_have_the_means_of_the_theorems(verifiable, rng):
    """Within five standard errors, from the package's batches. Each advantage refutes the others' means."""
    p, dp = success(verifiable)
    G, model = 4, verifiable
    means = {
        language.leave_one_out: model.mu @ dp,
        language.group_advantage: 0.75 * model.mu @ dp,
        grpo: model.mu * language.group_weight(p, G) @ dp,
    }
    for advantage, mean in means.items():
        source = language.Groups(
            language.Finite(model.mdp), prompts=300, G=G, rng=rng, advantage=advantage
        )
        batches = [source(model.policy, model.theta) for _ in range(150)]
        g = np.array([objectives.gradient(model.policy, model.theta, batch) for batch in batches])
        error = g.std(axis=0, ddof=1) / np.sqrt(len(g))
        counts = error > 1e-9

        def worst(truth, g=g, error=error, counts=counts):
            return np.abs((g.mean(axis=0) - truth)[counts] / error[counts]).max()

        assert worst(mean) < 5
        assert all(worst(other) > 5 for x, other in means.items() if x is not advantage)


@pytest.mark.slow
@pytest.mark.statement("group_std")
def test_sampled_runs_follow_the_objective_of_the_theorem():
    """Many updates of divided groups, beside exact ascent of E F_G(p). The control is exact ascent of J.

    The larger the batches, the nearer: noise bends a path by as much as the step size times its
    variance, so it is little here, and the mean of four runs is held to a quarter of the difference.
    """
    mu, G, K, eta = np.array([0.5, 0.5]), 8, 15, 1.0
    mdp = language.world(3, 2, lambda x, y: float(y == (1, 2) if x else y[-1] == 2), mu)
    policy, tau = language.table(mdp), language.every_response(mdp)
    start = np.zeros(policy.p)
    right, ones = tau.r.sum(axis=1).reshape(2, -1), np.ones(tau.r.shape)

    def success(theta):
        return (np.exp(language.sequence_log_prob(policy, theta, tau)).reshape(2, -1) * right).sum(
            axis=1
        )

    def ascend(weight):
        theta = start
        for _ in range(K):
            p = np.exp(language.sequence_log_prob(policy, theta, tau)).reshape(2, -1)
            scores = per_trajectory_gradients(policy, theta, tau, ones).reshape(2, -1, policy.p)
            slopes = np.einsum("xy,xyp->xp", p * right, scores)
            theta = theta + eta * (mu * weight((p * right).sum(axis=1))) @ slopes
        return success(theta)

    def climb(seed):
        rng = np.random.default_rng(seed)
        source = language.Groups(language.Finite(mdp), prompts=200, G=G, rng=rng, advantage=grpo)
        *_, last = pg.reinforce(source, policy, start, eta=eta, K=K)
        return success(last.theta)

    own, other = ascend(partial(language.group_weight, G=G)), ascend(np.ones_like)
    apart = np.abs(own - other).max()
    assert apart > 0.1
    assert np.abs(np.mean([climb(seed) for seed in range(4)], axis=0) - own).max() < apart / 4


@pytest.mark.statement("kl_regularised_gradient")
def test_a_penalty_that_is_paid_like_a_reward_is_climbed_by_groups(graded, rng):
    """The control is the gradient without the penalty."""
    beta = 0.5
    own, ref = graded.log_p(graded.theta), graded.log_p(graded.theta_ref)
    truth = graded.mean(language.regularised_reward(own, ref, graded.r, beta))
    source = language.Groups(
        language.Finite(graded.mdp),
        prompts=300,
        G=3,
        rng=rng,
        paid=language.penalised(graded.theta_ref, beta),
    )
    batches = [source(graded.policy, graded.theta) for _ in range(150)]
    g = np.array([objectives.gradient(graded.policy, graded.theta, batch) for batch in batches])
    error = g.std(axis=0, ddof=1) / np.sqrt(len(g)) + 1e-12

    def worst(mean):
        return np.abs((g.mean(axis=0) - mean) / error).max()

    assert worst(truth) < 5 < worst(graded.mean(graded.r))


def test_a_loop_of_the_package_learns_from_groups():
    """REINFORCE and the clip, from the same source: both end near the optimum, exactly measured."""
    task = language.reverse(digits=2, n=2)
    policy, world = task.policy(16), task.world()
    finite = task.finite(policy)
    for loop, local in (
        (pg.reinforce, {"eta": lambda: pg.Adam(policy.p, 0.03), "K": 60}),
        (pg.ppo, {"eta": lambda: pg.Adam(policy.p, 0.01), "K": 60, "eps": 0.2, "epochs": 3}),
    ):
        rng = np.random.default_rng(0)
        source = language.Groups(task, prompts=8, G=8, rng=rng)
        start = policy.init(rng)
        *_, last = loop(source, policy, start, **local | {"eta": local["eta"]()})
        before, after = (exact.evaluate(world, finite.table(t)).J for t in (start, last.theta))
        assert before < 0.1
        assert after > 0.9


def test_the_list_of_groups_is_the_list_of_groups(rng):
    """`mean_coefficients` against a plain loop over all groups of responses, whatever the advantage."""
    p, r = rng.dirichlet(np.ones(4)), np.array([0.0, 1.0, 1.0, 3.0])
    for advantage in (language.leave_one_out, grpo, lambda r: r**2):
        c = np.zeros(4)
        for group in product(range(4), repeat=3):
            A = advantage(r[list(group)])
            for i, y in enumerate(group):
                c[y] += p[list(group)].prod() * A[i] / 3
        np.testing.assert_allclose(language.mean_coefficients(p, r, 3, advantage), c, atol=EXACT)
