"""Trust regions: the constrained maximum and its conditions, the line search, and the bound at any theta."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import algorithms, exact, objectives
from pgcompanion.batches import Batch, Exact, aggregated_batch, trajectory_batch
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import natural_step, npg_step, trpo_argmax, trpo_step
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10
COIN = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)


def residual(policy, theta, batch, new, alpha, kl_gradient=None):
    """How far ``new`` is from stationary for the Lagrangian, relative to the gradient."""
    if kl_gradient is None:
        kl_gradient = objectives.kl_gradient(policy, theta, new, batch)
    g = objectives.surrogate_gradient(policy, new, batch)
    return np.linalg.norm(g - alpha * kl_gradient) / np.linalg.norm(
        objectives.gradient(policy, theta, batch)
    )


# --- The arg max ----------------------------------------------------------------------------------


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("delta", [1e-6, 1e-3, 0.1, 1.0])
def test_the_update_meets_the_conditions_of_optimality(policy, theta, batch, delta, measure):
    """With twice the multiplier, the negative control, it is not stationary."""
    new, alpha = trpo_argmax(policy, theta, batch, delta)
    assert alpha > 0
    assert objectives.kl(policy, theta, new, batch) == pytest.approx(delta, rel=1e-6)
    assert measure(residual(policy, theta, batch, new, alpha), over=1, of="updates") < 1e-8
    assert residual(policy, theta, batch, new, 2 * alpha) > 0.1
    assert objectives.surrogate(policy, new, batch) > 0


@pytest.mark.statement("trpo")
def test_the_other_divergence_and_the_other_states_give_another_point(mdp, policy, theta, batch):
    """The negative controls: reversed KL, and advantages averaged over the new policy's states."""
    delta = 0.1
    new, alpha = trpo_argmax(policy, theta, batch, delta)

    def reverse(t):
        return exact.expected_visits(mdp, policy.table(t)) @ policy.kl(t, theta, policy.states)

    assert residual(policy, theta, batch, new, alpha, complex_step(reverse, new)) > 1e-2
    assert abs(reverse(new) - delta) > 1e-2 * delta
    off = exact.gradient(mdp, policy, new) - alpha * objectives.kl_gradient(
        policy, theta, new, batch
    )
    assert np.linalg.norm(off) / np.linalg.norm(objectives.gradient(policy, theta, batch)) > 1e-2


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("delta", [0.01, 0.3])
def test_no_other_policy_within_the_radius_has_a_higher_surrogate(policy, theta, batch, rng, delta):
    """300 others on the boundary's scale; many of them gain something, so that the comparison says something."""
    best = objectives.surrogate(policy, trpo_argmax(policy, theta, batch, delta)[0], batch)
    gained = 0
    for _ in range(300):
        d = rng.normal(size=len(theta))
        d *= np.sqrt(2 * delta / (d @ objectives.fisher_product(policy, theta, batch, d)))
        while objectives.kl(policy, theta, theta + d, batch) > delta:
            d *= 0.9
        value = objectives.surrogate(policy, theta + d, batch)
        assert value < best
        gained += value > 0
    assert gained > 50


@pytest.mark.statement("trpo")
def test_the_step_per_state_agrees_with_newtons_method(mdp, rng):
    """A table as such, and as a linear policy with one feature for each entry: two solvers, one answer.

    Of another radius, the negative control, the answers differ.
    """
    theta = rng.normal(size=mdp.S * mdp.A)
    table = TabularSoftmax(mdp.S, mdp.A)
    linear = LinearSoftmax(np.eye(mdp.S * mdp.A).reshape(mdp.S, mdp.A, -1))
    answers = [
        trpo_argmax(policy, theta, Exact(mdp)(policy, theta), 0.2) for policy in (table, linear)
    ]
    tables = [table.table(t) for t, _ in answers]
    np.testing.assert_allclose(*tables, atol=1e-9)
    assert answers[0][1] == pytest.approx(answers[1][1], rel=1e-8)
    other, _ = trpo_argmax(table, theta, Exact(mdp)(table, theta), 0.3)
    assert np.abs(table.table(other) - tables[0]).max() > 1e-3


@pytest.mark.statement("trpo")
def test_a_sampled_batch_has_an_arg_max_too(mdp, policy, theta, rng):
    """The conditions hold for the sample; the exact batch's arg max, the control, is another point."""
    delta = 0.1
    tau = sample(mdp, policy.table(theta), 300, rng)
    batch = aggregated_batch(
        policy, theta, tau, reward_to_go(tau.r) - reward_to_go(tau.r).mean(axis=0)
    )
    new, alpha = trpo_argmax(policy, theta, batch, delta)
    assert objectives.kl(policy, theta, new, batch) == pytest.approx(delta, rel=1e-6)
    if isinstance(policy, LinearSoftmax):
        assert residual(policy, theta, batch, new, alpha) < 1e-8
    known, _ = trpo_argmax(policy, theta, Exact(mdp)(policy, theta), delta)
    assert np.abs(policy.table(new) - policy.table(known)).max() > 1e-4


@pytest.mark.statement("trpo", "npg")
def test_the_direction_becomes_the_natural_gradient(mdp, policy, theta, batch, slope):
    """The directions differ by an angle of order sqrt(delta), and 1 - cos is half its square: of order delta.

    From the plain gradient, the negative control, the angle does not vanish.
    """
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)

    def lag(direction):
        def of(delta):
            d, other = trpo_argmax(policy, theta, batch, delta)[0] - theta, direction(delta)
            apart = d / np.linalg.norm(d) - other / np.linalg.norm(other)
            return apart @ apart / 2  # 1 - cos, without cancellation

        return of

    natural, plain = lag(lambda delta: npg_step(g, F, delta)), lag(lambda delta: g)
    assert slope(natural, 1e-5, 1e-3) == pytest.approx(1.0, abs=0.05)
    assert slope(plain, 1e-5, 1e-3) == pytest.approx(0.0, abs=0.05)
    assert plain(1e-5) > 1000 * natural(1e-5)

    def longer(delta):
        d = trpo_argmax(policy, theta, batch, delta)[0] - theta
        return abs(np.linalg.norm(d) / np.linalg.norm(npg_step(g, F, delta)) - 1)

    assert slope(longer, 1e-5, 1e-3) == pytest.approx(0.5, abs=0.05)


@pytest.mark.statement("trpo")
def test_where_the_gradient_is_zero_it_stays(mdp, policy, theta, batch):
    """With the advantages of the batch, the negative control, it moves."""
    flat = Batch(batch.s, batch.a, batch.w, 0 * batch.A, batch.log_prob)
    new, alpha = trpo_argmax(policy, theta, flat, 0.1)
    np.testing.assert_array_equal(new, theta)
    assert alpha == 0.0
    np.testing.assert_array_equal(trpo_step(policy, theta, flat, 0.1), theta)
    assert np.abs(trpo_argmax(policy, theta, batch, 0.1)[0] - theta).max() > 1e-3


# --- The bound, for any theta ---------------------------------------------------------------------

INSIDE = 1 + 1e-6


def random_world(seed: int) -> tuple[MDP, TabularSoftmax, np.ndarray]:
    """A random MDP, a table over it, and a direction."""
    rng = np.random.default_rng(seed)
    S, A, H = (int(n) for n in (rng.integers(1, 5), rng.integers(2, 4), rng.integers(1, 6)))
    P = rng.dirichlet(np.ones(S), size=(S, A))
    mdp = MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)
    return mdp, TabularSoftmax(S, A), rng.normal(size=S * A)


def left_to_gain(mdp: MDP, policy: TabularSoftmax, theta: np.ndarray) -> float:
    """The supremum of the surrogate: the best averaged advantage in each state.

    An action whose probability is below all numbers is none: nothing is seen of it.
    """
    pi = policy.table(theta)
    _, W = exact.visits_and_advantages(mdp, pi)
    return float(np.where(pi > 0, W, 0.0).max(axis=1).sum())


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("size", [1, 30, 34, 100, 350, 700])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("centred", [False, True])
def test_of_a_coin_the_divergence_never_exceeds_the_radius(size, sign, centred):
    """Where the good side is rare the radius is used up; where it is nearly certain, all is gained that can be.

    The negative control is the natural step of that radius, which goes beyond by far.
    """
    policy, delta = TabularSoftmax(1, 2), 0.05
    theta = sign * size * (np.array([-0.5, 0.5]) if centred else np.array([0.0, 1.0]))
    batch = Exact(COIN)(policy, theta)
    new, alpha = trpo_argmax(policy, theta, batch, delta)
    assert np.isfinite(new).all()
    kl = objectives.kl(policy, theta, new, batch)
    assert 0 < kl <= delta * INSIDE
    assert alpha > 0
    gained = objectives.surrogate(policy, new, batch)
    if sign < 0:
        assert kl == pytest.approx(delta, rel=1e-6)
        full = theta + natural_step(policy, theta, batch, delta=delta)
        with np.errstate(over="ignore"):
            assert size == 1 or objectives.kl(policy, theta, full, batch) > 2 * delta
    elif kl < delta * (1 - 1e-6):  # the certain side keeps 3 exp(-size) of the mean return of 3
        assert gained == pytest.approx(3 * np.exp(-float(size)), rel=1e-6)


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
def test_of_random_mdps_the_divergence_never_exceeds_the_radius(scale):
    """60 of them, with theta = scale * N(0, 1): the radius is used up, or there is nothing more to gain.

    The negative control is the natural step of that radius, which exceeds it wherever theta is large.
    """
    delta, beyond = 0.05, 0
    for seed in range(60):
        mdp, policy, direction = random_world(seed)
        theta = scale * direction
        batch = Exact(mdp)(policy, theta)
        new, alpha = trpo_argmax(policy, theta, batch, delta)
        kl = objectives.kl(policy, theta, new, batch)
        assert np.isfinite(new).all()
        assert kl <= delta * INSIDE, seed
        assert alpha >= 0
        if kl < delta * (1 - 1e-6):
            missed = left_to_gain(mdp, policy, theta) - objectives.surrogate(policy, new, batch)
            assert missed <= 1e-9 * (1 + abs(batch.J)), seed
        with np.errstate(all="ignore"):
            full = theta + natural_step(policy, theta, batch, delta=delta)
            beyond += np.isfinite(full).all() and objectives.kl(policy, theta, full, batch) > delta
    assert beyond > 10


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("scale", [400, 700])
def test_a_boundary_that_is_met_from_outside_is_not_crossed(scale):
    """Of a small radius and a theta so large, the search comes nearest to some boundaries from beyond, by up to a
    hundredth. The answer is then a point inside, and where the boundary is reached nothing changes.
    """
    delta, reached = 1e-3, 0
    for seed in range(60):
        mdp, policy, direction = random_world(seed)
        theta = scale * direction
        batch = Exact(mdp)(policy, theta)
        kl = objectives.kl(policy, theta, trpo_argmax(policy, theta, batch, delta)[0], batch)
        assert kl <= delta * INSIDE, seed
        reached += kl > delta * (1 - 1e-6)
    assert reached > 20


@pytest.mark.statement("trpo", "trpo_implement")
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
def test_the_line_search_keeps_the_bound_too(scale):
    """And the surrogate grows, or nothing moves: where all that is to be gained is below round-off."""
    delta, moved = 0.05, 0
    for seed in range(60):
        mdp, policy, direction = random_world(seed)
        theta = scale * direction
        batch = Exact(mdp)(policy, theta)
        new = trpo_step(policy, theta, batch, delta)
        if np.array_equal(new, theta):
            assert left_to_gain(mdp, policy, theta) <= 1e-12 or scale > 100, seed
            continue
        moved += 1
        assert objectives.kl(policy, theta, new, batch) <= delta
        assert objectives.surrogate(policy, new, batch) > 0
    assert moved > 20


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("size", [30, 100, 350])
def test_the_line_search_finds_its_way_out_of_a_wrong_certainty(size):
    """A coin that shows the worse side but for e^(-2 size). The natural step is some 10^12 to 10^151 long.

    The negative control gives up after 30 halvings: it stays where it is.
    """
    policy, theta, delta = TabularSoftmax(1, 2), np.array([size, -size], float), 0.05
    batch = Exact(COIN)(policy, theta)
    step = natural_step(policy, theta, batch, delta=delta)
    for _ in range(30):
        assert objectives.kl(policy, theta, theta + step, batch) > delta
        step = step / 2
    *_, last = algorithms.trpo(Exact(COIN), policy, theta, delta=delta, K=12)
    assert last.kl <= delta
    assert last.J > 0.5 > 1e-20 > batch.J


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
def test_metamorphic_at_every_size_of_theta(scale):
    """Relabelled states, logits shifted in each state, shifted rewards, rewards in another unit.

    The new policy is the same, relabelled; the multiplier has the unit of the rewards. (Where that is 0 but
    for round-off the radius is more than enough, and round-off decides what is done with the rest: nothing
    is asked.) The negative control turns the rewards round: another policy.
    """
    delta, turned, asked = 0.05, 0, 0
    for seed in range(12):
        mdp, policy, direction = random_world(seed)
        theta = scale * direction
        rng = np.random.default_rng(100 + seed)

        def update(mdp, theta, policy=policy):
            new, alpha = trpo_argmax(policy, theta, Exact(mdp)(policy, theta), delta)
            return policy.table(new), alpha

        pi, alpha = update(mdp, theta)
        if alpha < 1e-6:
            continue
        asked += 1
        order = rng.permutation(mdp.S)
        rows = (order[:, None] * mdp.A + np.arange(mdp.A)).ravel()
        relabelled = MDP(mdp.P[order][..., order], mdp.r[order], mdp.mu0[order], mdp.H)
        np.testing.assert_allclose(update(relabelled, theta[rows])[0], pi[order], atol=2e-6)
        shift = np.repeat(scale * rng.normal(size=mdp.S), mdp.A)
        np.testing.assert_allclose(update(mdp, theta + shift)[0], pi, atol=2e-6)
        richer = MDP(mdp.P, mdp.r + 2.5, mdp.mu0, mdp.H)
        np.testing.assert_allclose(update(richer, theta)[0], pi, atol=2e-6)
        pi_in_cents, alpha_in_cents = update(MDP(mdp.P, 100 * mdp.r, mdp.mu0, mdp.H), theta)
        np.testing.assert_allclose(pi_in_cents, pi, atol=2e-6)
        assert alpha_in_cents == pytest.approx(100 * alpha, rel=1e-3)
        turned += np.abs(update(MDP(mdp.P, -mdp.r, mdp.mu0, mdp.H), theta)[0] - pi).max() > 1e-3
    assert asked >= 4
    assert turned >= asked / 2


# --- The line search ------------------------------------------------------------------------------


def drawn(kind, mdp, rng, N=60):
    """A policy, its parameters, and a batch of its trajectories whose coefficients are noise."""
    if kind == "gaussian":
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta, s = 0.3 * rng.normal(size=policy.p), rng.normal(size=(N, 4, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(N, 4)))
    else:
        policy = TabularSoftmax(mdp.S, mdp.A)
        if kind == "network":
            policy = NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(4,))
        theta = 0.3 * rng.normal(size=policy.p)
        tau = sample(mdp, policy.table(theta), N, rng)
    return policy, theta, trajectory_batch(policy, theta, tau, rng.normal(size=tau.r.shape))


@pytest.fixture(params=["tabular", "network", "gaussian"])
def sampled(request, small, rng):
    """A sampled batch of each kind of policy."""
    return drawn(request.param, small, rng)


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("delta", [1e-3, 0.3, 3.0])
@pytest.mark.parametrize("damping", [0.0, 0.1])
def test_after_the_line_search_the_divergence_is_bounded_and_the_surrogate_has_grown(
    sampled, delta, damping
):
    """The negative controls are the two tests after the next: each condition alone is not enough."""
    policy, theta, batch = sampled
    new = trpo_step(policy, theta, batch, delta, damping=damping)
    assert 0 < objectives.kl(policy, theta, new, batch) <= delta
    assert objectives.surrogate(policy, new, batch) > 0


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("kind", ["tabular", "network"])
def test_without_the_line_search_the_bound_is_broken(kind, small, rng):
    """The negative control of the line search is the full step, which the quadratic model thinks allowed."""
    delta = 0.3
    policy, theta, batch = drawn(kind, small, rng)
    step = natural_step(policy, theta, batch, delta=delta)
    Fd = objectives.fisher_product(policy, theta, batch, step)
    assert step @ Fd / 2 == pytest.approx(delta, rel=1e-6)
    assert objectives.kl(policy, theta, theta + step, batch) > delta
    short = trpo_step(policy, theta, batch, delta) - theta
    assert 0 < objectives.kl(policy, theta, theta + short, batch) <= delta
    halvings = -np.log2(np.linalg.norm(short) / np.linalg.norm(step))
    assert halvings == pytest.approx(max(round(halvings), 1), abs=1e-9)


@pytest.mark.statement("trpo_implement")
def test_a_full_step_that_keeps_the_bound_and_gains_is_taken_as_it_is(small, rng):
    """For this Gaussian the quadratic model overrates the divergence. A smaller radius would not be the same step."""
    policy, theta, batch = drawn("gaussian", small, rng)
    full = theta + natural_step(policy, theta, batch, delta=0.3)
    assert 0 < objectives.kl(policy, theta, full, batch) < 0.3
    assert objectives.surrogate(policy, full, batch) > 0
    np.testing.assert_array_equal(trpo_step(policy, theta, batch, 0.3), full)
    assert np.abs(trpo_step(policy, theta, batch, 0.1) - full).max() > 1e-3


def within_the_bound(policy, theta, batch, delta):
    """The negative control: a line search that asks for the divergence alone."""
    step = natural_step(policy, theta, batch, delta=delta)
    while objectives.kl(policy, theta, theta + step, batch) > delta:
        step = step / 2
    return theta + step


@pytest.mark.statement("trpo_implement")
def test_a_step_within_the_bound_may_still_lose(small):
    """From 20 trajectories a network's surrogate is far from linear within the radius: both conditions are needed."""
    lost = 0
    for seed in range(20):
        policy, theta, batch = drawn("network", small, np.random.default_rng(seed), N=20)
        new = trpo_step(policy, theta, batch, 3.0)
        assert 0 < objectives.kl(policy, theta, new, batch) <= 3.0
        assert objectives.surrogate(policy, new, batch) > 0
        lost += (
            objectives.surrogate(policy, within_the_bound(policy, theta, batch, 3.0), batch) <= 0
        )
    assert lost > 0


@pytest.mark.statement("trpo_implement")
def test_where_no_step_will_do_a_copy_of_the_old_parameters_is_returned(small, rng, monkeypatch):
    """A surrogate that never grows; and what is returned may be written to."""
    from pgcompanion.steps import trust_region

    policy, theta, batch = drawn("tabular", small, rng)
    assert not np.array_equal(trpo_step(policy, theta, batch, 0.1), theta)
    monkeypatch.setattr(trust_region, "surrogate", lambda *args: -1.0)
    kept, before = trpo_step(policy, theta, batch, 0.1), theta.copy()
    np.testing.assert_array_equal(kept, before)
    kept += 1.0
    np.testing.assert_array_equal(theta, before)


@pytest.mark.statement("trpo_implement")
def test_a_divergence_of_exactly_the_radius_is_allowed_and_a_gain_of_exactly_zero_is_none(
    small, rng, monkeypatch
):
    from pgcompanion.steps import trust_region

    policy, theta, batch = drawn("tabular", small, rng)
    full = theta + natural_step(policy, theta, batch, delta=0.1)
    monkeypatch.setattr(trust_region, "kl", lambda *args: 0.1)
    monkeypatch.setattr(trust_region, "surrogate", lambda *args: 1e-300)
    np.testing.assert_array_equal(trpo_step(policy, theta, batch, 0.1), full)
    monkeypatch.setattr(trust_region, "surrogate", lambda *args: 0.0)
    np.testing.assert_array_equal(trpo_step(policy, theta, batch, 0.1), theta)
    assert np.abs(full - theta).max() > 1e-3


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("delta", [1e-4, 1e-6])
def test_the_practical_step_on_exact_quantities_approaches_the_exact_one(
    policy, theta, batch, delta
):
    """With all the distribution for a sample it misses no more of the gain than the line search takes.

    The length of the step is at least ``backtrack`` times what the bound allows, so it misses a share of
    1 - backtrack at most, and what the quadratic model misses: one order more of the step, sqrt(delta).
    The negative control goes as far along the plain gradient.
    """
    backtrack = 0.99
    best = objectives.surrogate(policy, trpo_argmax(policy, theta, batch, delta)[0], batch)

    def missed(step):
        return 1 - objectives.surrogate(policy, theta + step, batch) / best

    def length(v):
        return np.sqrt(v @ objectives.fisher_product(policy, theta, batch, v))

    step = trpo_step(policy, theta, batch, delta, backtrack=backtrack) - theta
    allowed = 1 - backtrack + np.sqrt(delta)
    assert 0 <= missed(step) <= allowed
    g = objectives.gradient(policy, theta, batch)
    assert missed(length(step) / length(g) * g) > allowed


@pytest.mark.statement("trpo_implement")
def test_the_step_is_the_same_for_rows_put_together_and_for_steps(small, rng):
    """Of other trajectories, the negative control, it is another."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    steps = []
    for make, seed in ((aggregated_batch, 1), (trajectory_batch, 1), (aggregated_batch, 2)):
        tau = sample(small, policy.table(theta), 300, np.random.default_rng(seed))
        steps.append(trpo_step(policy, theta, make(policy, theta, tau, reward_to_go(tau.r)), 0.1))
    np.testing.assert_allclose(steps[0], steps[1], atol=1e-8)
    assert np.abs(steps[2] - steps[0]).max() > 1e-3


# --- The border -----------------------------------------------------------------------------------


def test_what_cannot_be_right_is_refused(policy, theta, batch):
    for call in (trpo_step, trpo_argmax):
        for delta, message in (
            (0.0, "positive"),
            (np.inf, "finite"),
            ("a", "a number"),
            (None, "a number"),
        ):
            with pytest.raises(ValueError, match=rf"^delta must be {message}, but it is"):
                call(policy, theta, batch, delta)
        with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
            call(policy, theta[:2], batch, 0.1)
        with pytest.raises(TypeError, match=r"^policy must be a policy such as"):
            call(None, theta, batch, 0.1)
        with pytest.raises(TypeError, match=r"^batch must be a Batch, but"):
            call(policy, theta, None, 0.1)
    with pytest.raises(ValueError, match=r"^damping must not be negative, but it is -1\.$"):
        trpo_step(policy, theta, batch, 0.1, damping=-1)
    for backtrack in (1.5, 1.0, 0.0, -0.5):
        with pytest.raises(ValueError, match=r"^backtrack must lie between 0 and 1, but it is"):
            trpo_step(policy, theta, batch, 0.1, backtrack=backtrack)
