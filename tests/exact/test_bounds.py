"""What a change of policy costs at most and gains at least: every bound on random worlds, and where it is met."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import divergences, exact
from pgcompanion.mdp import MDP
from pgcompanion.steps import greedy

EXACT = 1e-10
WORLDS = 200


def random_mdp(rng: np.random.Generator) -> MDP:
    """A random MDP; its transitions are peaked, so that policies meet different states."""
    S, A, H = (int(n) for n in (rng.integers(2, 5), rng.integers(2, 4), rng.integers(2, 7)))
    P = rng.dirichlet(np.full(S, 0.3), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


def random_pair(mdp: MDP, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two time-dependent policies at a random distance from each other."""
    old, other = rng.dirichlet(np.ones(mdp.A), size=(2, mdp.H, mdp.S))
    size = rng.choice([0.01, 0.1, 1.0])
    return old, (1 - size) * old + size * other


# --- One bad choice -------------------------------------------------------------------------------


@pytest.mark.statement("pdl_bound")
def test_one_bad_choice_costs_at_most_the_horizon_times_its_advantage(mdp, rng):
    """For random new policies, not deterministic ones alone."""
    remaining = (mdp.H - np.arange(mdp.H))[:, None]
    first_step_is_enough = True
    for i in range(200):
        old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
        new = rng.dirichlet(np.full(mdp.A, 0.1), size=(mdp.H, mdp.S))
        if i % 2:
            new = np.eye(mdp.A)[new.argmax(axis=-1)]
        v = exact.evaluate(mdp, old)
        drop = v.V[:-1] - exact.evaluate(mdp, new).V[:-1]
        assert (drop <= exact.degradation_bound(mdp, old, new)[:, None] + EXACT).all()
        first = remaining * max(-exact.mean_advantages(mdp, old, new)[0].min(), 0.0)
        first_step_is_enough &= bool((drop <= first + EXACT).all())
    assert not first_step_is_enough


@pytest.mark.statement("pdl_bound")
def test_the_degradation_bound_is_attained():
    H = 6
    one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=H)
    good, bad = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    v = exact.evaluate(one, good)
    assert v.A[:, 0, 1] == pytest.approx(-1.0, abs=EXACT)
    drop = v.V[:-1, 0] - exact.evaluate(one, bad).V[:-1, 0]
    np.testing.assert_allclose(drop, H - np.arange(H), atol=EXACT)
    np.testing.assert_allclose(drop, exact.degradation_bound(one, good, bad), atol=EXACT)
    assert drop[0] > abs(exact.worst_advantage(one, good, bad)), "one advantage is no bound"


@pytest.mark.statement("wrong_table")
def test_greed_for_a_wrong_table_costs_at_most_twice_its_error_at_every_step_left(rng, measure):
    """Once its error, the negative control, is too little."""
    excess = []
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
        v = exact.evaluate(mdp, old)
        wrong = v.Q + rng.choice([0.1, 1.0]) * rng.uniform(-1, 1, size=v.Q.shape)
        new = greedy(wrong)
        bound = exact.wrong_table_bound(v.Q, wrong)
        drop = (v.V[:-1] - exact.evaluate(mdp, new).V[:-1]).max(axis=1)
        excess.append((drop - bound).max())
        error = np.abs(wrong - v.Q).max()
        assert exact.worst_advantage(mdp, old, new) >= -2 * error - EXACT
    assert measure(max(max(excess), 0.0), over=WORLDS, of="wrong tables") < EXACT
    tight = MDP(np.ones((1, 2, 1)), r=[[-2.0, 0.0]], mu0=[1.0], H=5)
    good = np.array([[0.0, 1.0]])
    v = exact.evaluate(tight, good)
    wrong = v.Q + np.array([1.0, -1.0])  # the table calls the two actions equal
    drop = v.V[:-1, 0] - exact.evaluate(tight, greedy(wrong)).V[:-1, 0]
    np.testing.assert_allclose(drop, exact.wrong_table_bound(v.Q, wrong), atol=EXACT)
    assert (drop > exact.wrong_table_bound(v.Q, wrong) / 2 + 0.5).all()


# --- Policy iteration ends ------------------------------------------------------------------------


@pytest.mark.statement("policy_iteration_ends")
def test_after_k_iterations_the_last_k_steps_are_optimal(rng):
    """The last k + 1 steps, the negative control, need not be."""
    one_more = True
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        pi = rng.dirichlet(np.ones(mdp.A), size=(mdp.H, mdp.S))
        _, best = exact.optimal(mdp)
        for k in range(mdp.H + 1):
            V = exact.evaluate(mdp, pi).V
            np.testing.assert_allclose(V[mdp.H - k :], best.V[mdp.H - k :], atol=EXACT)
            if k < mdp.H:
                h = mdp.H - k - 1
                one_more &= bool(np.allclose(V[h], best.V[h], atol=1e-6))
            pi = greedy(exact.evaluate(mdp, pi).Q)
    assert not one_more


@pytest.mark.statement("policy_iteration_ends")
def test_the_objective_may_stand_still_before_the_optimum_but_the_policy_does_not():
    """A corridor whose reward lies at its end: J is 0 until the improvement has come to the start."""
    S, H = 4, 4
    P = np.zeros((S, 2, S))
    P[:, 0] = np.eye(S)
    P[np.arange(S), 1, np.minimum(np.arange(S) + 1, S - 1)] = 1
    r = np.zeros((S, 2))
    r[S - 1] = 1.0
    mdp = MDP(P, r, np.eye(S)[0], H)
    pi = np.tile(np.eye(2)[0], (H, S, 1))
    J, same = [], []
    for _ in range(H + 1):
        new = greedy(exact.evaluate(mdp, pi).Q)
        J.append(exact.evaluate(mdp, pi).J)
        same.append(np.array_equal(new, pi))
        pi = new
    best = exact.optimal(mdp)[1].J
    assert J[0] == J[1] < best, "an objective that stands still is no sign of the end"
    assert not same[0]
    assert same[-1]
    assert all(reached == best for reached, stays in zip(J, same, strict=True) if stays)


# --- Conservative policy iteration ----------------------------------------------------------------


@pytest.mark.statement("conservative_policy_iteration")
def test_a_mixture_gains_at_least_what_is_guaranteed(rng, measure):
    """Without the loss by the shift, the negative control, too much is promised."""
    excess, without_loss = [], True
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old, target = rng.dirichlet(np.full(mdp.A, 0.3), size=(2, mdp.H, mdp.S))
        best = exact.conservative_step(mdp, old, target)
        J = exact.evaluate(mdp, old).J
        slope = (exact.evaluate(mdp, old).d * exact.mean_advantages(mdp, old, target)).sum()
        for alpha in (best.alpha, 0.01, 0.1, 0.5, 1.0):
            gain = exact.evaluate(mdp, (1 - alpha) * old + alpha * target).J - J
            bound = exact.conservative_bound(mdp, old, target, alpha)
            excess.append(bound - gain)
            assert bound <= best.gain + EXACT
            without_loss &= gain >= alpha * slope - EXACT
    assert measure(max(max(excess), 0.0), over=len(excess), of="mixtures") < EXACT
    assert not without_loss


@pytest.mark.statement("conservative_policy_iteration")
def test_the_weight_and_the_gain_that_it_guarantees(mdp, rng):
    old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    target = greedy(exact.evaluate(mdp, old).Q)
    f = exact.mean_advantages(mdp, old, target)
    advantage, epsilon = (exact.evaluate(mdp, old).d * f).sum(), np.abs(f).max()
    shift = mdp.H * (mdp.H - 1) * epsilon
    alpha, gain = exact.conservative_step(mdp, old, target)
    assert alpha == pytest.approx(advantage / (2 * shift), abs=EXACT)
    assert gain == pytest.approx(advantage**2 / (4 * shift), abs=EXACT)
    assert gain > exact.conservative_bound(mdp, old, target, 2 * alpha) + EXACT
    worse = np.eye(mdp.A)[exact.evaluate(mdp, old).Q.argmin(axis=-1)]
    assert exact.conservative_step(mdp, old, worse) == (0.0, 0.0)
    short = MDP(mdp.P, mdp.r, mdp.mu0, H=1)
    one = exact.conservative_step(short, old, greedy(exact.evaluate(short, old).Q))
    assert one.alpha == 1.0
    assert one.gain > 0


@pytest.mark.statement("conservative_policy_iteration")
def test_the_states_of_a_mixture_move_by_at_most_alpha_a_step(rng):
    """The total variation of step h is at most h alpha; (h - 1) alpha, the control, is too little."""
    one_less = True
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old, target = np.eye(mdp.A)[rng.integers(mdp.A, size=(2, mdp.H, mdp.S))]
        alpha = rng.uniform(0, 0.2)
        d, moved = exact.occupancies(mdp, old), exact.occupancies(mdp, old + alpha * (target - old))
        tv = divergences.total_variation(d, moved)
        h = np.arange(mdp.H)
        assert (tv <= h * alpha + EXACT).all()
        one_less &= bool((tv[1:] <= (h[1:] - 1) * alpha + EXACT).all())
    assert not one_less


# --- The surrogate --------------------------------------------------------------------------------


def surrogate_error(mdp: MDP, old: np.ndarray, new: np.ndarray) -> float:
    """How far old states with new actions are from what the new policy gains."""
    v = exact.evaluate(mdp, old)
    L = (v.d * exact.mean_advantages(mdp, old, new)).sum()
    return abs(exact.evaluate(mdp, new).J - v.J - L)


@pytest.mark.statement("surrogate_bound")
def test_the_surrogate_is_wrong_by_at_most_the_span_times_the_root_of_the_divergence(rng, measure):
    """A third of the bound, the negative control, is exceeded."""
    ratios, excess = [], []
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old, new = random_pair(mdp, rng)
        error, bound = surrogate_error(mdp, old, new), exact.surrogate_bound(mdp, old, new)
        excess.append(error - bound)
        ratios.append(error / bound)
        f, kl = exact.mean_advantages(mdp, old, new), exact.trajectory_kl(mdp, old, new)
        assert bound <= (mdp.H - 1) * np.sqrt(2 * kl) * np.abs(f).max() + EXACT
    assert measure(max(max(excess), 0.0), over=WORLDS, of="pairs of policies") < EXACT
    assert max(ratios) > 1 / 3


@pytest.mark.statement("surrogate_bound")
def test_the_states_move_less_than_the_divergence_of_the_steps_before_allows(rng):
    """Of the steps up to and with h - 2, the negative control, the divergence is too small."""
    too_early = True
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old, new = random_pair(mdp, rng)
        tv = divergences.total_variation(exact.occupancies(mdp, old), exact.occupancies(mdp, new))
        before = np.append(0, np.cumsum(exact.step_kl(mdp, old, new))[:-1])
        assert (tv <= np.sqrt(before / 2) + EXACT).all()
        too_early &= bool((tv[1:] <= np.sqrt(before[:-1] / 2) + EXACT).all())
    assert not too_early


@pytest.mark.statement("surrogate_bound")
def test_where_the_divergence_is_infinite_the_bound_is_not(mdp, rng):
    """Total variation is at most 1; without that, the control, the bound says nothing."""
    old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    new = greedy(exact.evaluate(mdp, old).Q)
    bound = exact.surrogate_bound(mdp, old, new)
    assert surrogate_error(mdp, old, new) <= bound < np.inf
    assert not np.isfinite(exact.step_kl(mdp, old, new)).all()


@pytest.mark.statement("monotone_improvement")
def test_the_penalised_surrogate_is_a_lower_bound_of_the_gain(rng, measure):
    """Without the price, the negative control, the surrogate promises more than is gained."""
    excess, without_price = [], True
    for _ in range(WORLDS):
        mdp = random_mdp(rng)
        old, new = random_pair(mdp, rng)
        v = exact.evaluate(mdp, old)
        gain = exact.evaluate(mdp, new).J - v.J
        L = (v.d * exact.mean_advantages(mdp, old, new)).sum()
        price = exact.improvement_price(mdp, old)
        assert price == pytest.approx(mdp.H * (mdp.H - 1) * np.abs(v.A).max(), abs=EXACT)
        excess.append(L - price * divergences.kl_divergence(old, new).max() - gain)
        without_price &= bool(gain >= L)
    assert measure(max(max(excess), 0.0), over=WORLDS, of="pairs of policies") < EXACT
    assert not without_price


@pytest.mark.statement("monotone_improvement")
def test_the_maximiser_of_the_bound_never_makes_the_objective_fall(rng):
    """Along a line from the old policy to another; the maximiser of the surrogate alone, the control, can."""
    alphas, falls = np.append(0, np.geomspace(1e-4, 1, 60)), 0
    for _ in range(50):
        mdp = random_mdp(rng)
        old, target = rng.dirichlet(np.full(mdp.A, 0.3), size=(2, mdp.H, mdp.S))
        v, price = exact.evaluate(mdp, old), exact.improvement_price(mdp, old)
        line = [(1 - alpha) * old + alpha * target for alpha in alphas]
        L = np.array([(v.d * exact.mean_advantages(mdp, old, new)).sum() for new in line])
        kl = np.array([divergences.kl_divergence(old, new).max() for new in line])
        J = np.array([exact.evaluate(mdp, new).J for new in line])
        assert J[np.argmax(L - price * kl)] >= v.J - EXACT
        falls += J[np.argmax(L)] < v.J - 1e-3
    assert falls > 0


# --- Total variation ------------------------------------------------------------------------------


@pytest.mark.statement("means_differ", "total_variation")
def test_two_means_differ_by_at_most_the_span_times_the_total_variation(rng, measure):
    """With half the span it is false, and an event attains it."""
    excess, half = [], True
    for _ in range(WORLDS):
        p, q = rng.dirichlet(np.full(5, 0.5), size=2)
        f = rng.normal(size=5)
        apart, tv = abs((p - q) @ f), divergences.total_variation(p, q)
        excess.append(apart - np.ptp(f) * tv)
        half &= apart <= np.ptp(f) * tv / 2
        event = (p > q).astype(float)
        assert abs((p - q) @ event) == pytest.approx(tv, abs=EXACT)
    assert measure(max(max(excess), 0.0), over=WORLDS, of="pairs of distributions") < EXACT
    assert not half


@pytest.mark.statement("total_variation")
def test_what_is_computed_from_a_sample_is_no_further_apart_than_the_sample(rng):
    """States of a step from trajectories; the reverse, the negative control, is false."""
    reverse = True
    for _ in range(20):
        P = rng.dirichlet(np.ones(3), size=(3, 2))
        mdp = MDP(P, rng.normal(size=(3, 2)), rng.dirichlet(np.ones(3)), H=3)
        old, new = rng.dirichlet(np.ones(2), size=(2, 3))
        tau = exact.trajectories(mdp)
        rho, moved = (np.exp(exact.log_likelihood(mdp, pi, tau)) for pi in (old, new))
        whole = divergences.total_variation(rho / rho.sum(), moved / moved.sum())
        steps = divergences.total_variation(
            exact.occupancies(mdp, old), exact.occupancies(mdp, new)
        )
        assert (steps <= whole + EXACT).all()
        reverse &= bool((steps >= whole - EXACT).any())
    assert not reverse


def test_errors_name_the_argument_that_is_wrong(small):
    good, bad = np.full((3, 2), 0.5), np.full((2, 2), 0.5)
    for name, call in [
        ("pi", lambda: exact.worst_advantage(small, bad, good)),
        ("pi_new", lambda: exact.worst_advantage(small, good, bad)),
        ("pi_new", lambda: exact.degradation_bound(small, good, bad)),
        ("pi_new", lambda: exact.surrogate_bound(small, good, bad)),
        ("alpha", lambda: exact.conservative_bound(small, good, good, 1.5)),
        ("Q_hat", lambda: exact.wrong_table_bound(np.zeros((3, 3, 2)), np.zeros((3, 2)))),
    ]:
        with pytest.raises(ValueError, match=f"^{name} (has shape|must)"):
            call()
