"""Sampled trajectories against the exact law of the trajectories."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion._numerics.sampling import CHUNK
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories, draw, sample, sample_plain

N = 200_000
ENOUGH = 10
"""Below this expected count a binomial is too far from a normal for a bound on its z-score."""


def z_scores(counts: np.ndarray, p: np.ndarray, n: int = N) -> np.ndarray:
    """Counts among ``n`` independent trajectories less their means, in exact standard
    deviations."""
    certain = (p < 1e-13) | (p > 1 - 1e-13)
    np.testing.assert_array_equal(counts[certain], np.round(n * p[certain]))
    tested = ~certain & (n * p >= ENOUGH) & (n * (1 - p) >= ENOUGH)
    return (counts - n * p)[tested] / np.sqrt(n * p * (1 - p))[tested]


def state_counts(tau: Trajectories, mdp: MDP) -> np.ndarray:
    return np.array([np.bincount(s, minlength=mdp.S) for s in tau.s.T])


def transition_counts(tau: Trajectories, mdp: MDP) -> np.ndarray:
    """How often each (h, s, a, s') occurs, shape ``(H-1, S, A, S)``; the index is as documented."""
    code = (tau.s[:, :-1] * mdp.A + tau.a[:, :-1]) * mdp.S + tau.s[:, 1:]
    counts = [np.bincount(c, minlength=mdp.S * mdp.A * mdp.S) for c in code.T]
    return np.array(counts).reshape(mdp.H - 1, mdp.S, mdp.A, mdp.S)


def transition_law(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    joint = exact.evaluate(mdp, pi).d[..., None] * np.broadcast_to(pi, (mdp.H, mdp.S, mdp.A))
    return joint[:-1, ..., None] * mdp.P


@pytest.fixture(params=[True, False], ids=["stationary", "time-dependent"])
def pi(request, mdp, rng) -> np.ndarray:
    shape = (mdp.S,) if request.param else (mdp.H, mdp.S)
    return rng.dirichlet(np.ones(mdp.A), size=shape)


@pytest.fixture(scope="module")
def lake() -> MDP:
    env = gymnasium.make("FrozenLake-v1", map_name="8x8", is_slippery=True)
    return MDP.from_gymnasium(env, H=100)


# The law


@pytest.mark.statement("autoregressive_trajectories")
@pytest.mark.parametrize("stationary", [True, False])
def test_every_trajectory_occurs_as_often_as_its_likelihood_says(small, rng, measure, stationary):
    shape = (small.S,) if stationary else (small.H, small.S)
    pi = rng.dirichlet(np.ones(small.A), size=shape)
    digits = (small.S * small.A) ** np.arange(small.H)

    def number(tau: Trajectories) -> np.ndarray:
        return (tau.s * small.A + tau.a) @ digits

    counts = np.bincount(
        number(sample(small, pi, N, rng)), minlength=(small.S * small.A) ** small.H
    )
    every = exact.trajectories(small)

    def law(pi: np.ndarray) -> np.ndarray:
        return np.exp(exact.log_likelihood(small, pi, every))

    counts = counts[number(every)]
    assert counts.sum() == N
    assert measure(z_scores(counts, law(pi)), over=N, kind="z-score") < 5
    other = rng.dirichlet(np.ones(small.A), size=shape)
    assert abs(z_scores(counts, law(0.95 * pi + 0.05 * other))).max() > 5


@pytest.mark.statement("occupancy")
def test_states_occur_as_often_as_the_occupancies_say(mdp, pi, rng, measure):
    counts = state_counts(sample(mdp, pi, N, rng), mdp)
    d = exact.evaluate(mdp, pi).d
    assert measure(z_scores(counts, d), over=N, kind="z-score") < 5
    assert abs(z_scores(counts[1:], d[:-1])).max() > 5


@pytest.mark.statement("autoregressive_trajectories")
def test_transitions_occur_as_often_as_the_policy_and_the_mdp_say(mdp, pi, rng, measure):
    counts = transition_counts(sample(mdp, pi, N, rng), mdp)
    assert measure(z_scores(counts, transition_law(mdp, pi)), over=N, kind="z-score") < 5
    slip = 0.97 * mdp.P + 0.03 * mdp.P[:, ::-1]
    wrong = MDP(slip, mdp.r, mdp.mu0, mdp.H)
    assert abs(z_scores(counts, transition_law(wrong, pi))).max() > 5


@pytest.mark.statement("autoregressive_trajectories")
def test_a_time_dependent_table_is_used_in_the_order_of_the_steps(mdp, rng):
    pi = rng.dirichlet(np.ones(mdp.A), size=(mdp.H, mdp.S))
    counts = transition_counts(sample(mdp, pi, N, rng), mdp)
    assert abs(z_scores(counts, transition_law(mdp, pi))).max() < 5
    for wrong in (pi[::-1], np.roll(pi, 1, axis=0), np.broadcast_to(pi[0], pi.shape)):
        assert abs(z_scores(counts, transition_law(mdp, wrong))).max() > 5


@pytest.mark.statement("occupancy")
@pytest.mark.parametrize("stationary", [True, False])
def test_the_frozen_lake_is_met_as_its_occupancies_say(lake, rng, measure, stationary):
    pi = rng.dirichlet(np.ones(lake.A), size=(lake.S,) if stationary else (lake.H, lake.S))
    n = CHUNK + 5000
    tau = sample(lake, pi, n, rng)
    d = exact.evaluate(lake, pi).d
    assert measure(z_scores(state_counts(tau, lake), d, n), over=n, kind="z-score") < 5
    rest = Trajectories(tau.s[CHUNK:], tau.a[CHUNK:], tau.r[CHUNK:])
    assert abs(z_scores(state_counts(rest, lake), d, rest.N)).max() < 5
    other = exact.evaluate(lake, np.full((lake.S, lake.A), 1 / lake.A)).d
    assert abs(state_counts(tau, lake) / n - other).max() > 5 / np.sqrt(n)


@pytest.mark.statement("objective_fn")
def test_the_mean_return_is_the_objective(mdp, pi, rng, measure):
    returns = sample(mdp, pi, N, rng).r.sum(axis=1)
    every = exact.trajectories(mdp)
    rho, R = np.exp(exact.log_likelihood(mdp, pi, every)), every.r.sum(axis=1)
    J = exact.evaluate(mdp, pi).J
    error = np.sqrt((rho @ R**2 - J**2) / N)
    assert measure((returns.mean() - J) / error, over=N, kind="z-score") < 5
    shorter = MDP(mdp.P, mdp.r, mdp.mu0, mdp.H - 1)
    J = exact.evaluate(shorter, pi[:-1] if pi.ndim == 3 else pi).J
    assert abs(returns.mean() - J) / error > 5


def test_rewards_are_those_of_the_pairs(mdp, pi, rng):
    tau = sample(mdp, pi, 1000, rng)
    np.testing.assert_array_equal(tau.r, mdp.r[tau.s, tau.a])


# The plain sampler


def chi_squared(counts: np.ndarray, others: np.ndarray) -> tuple[float, int]:
    """Pearson's statistic of two tables of counts, of one number of draws each, and its degrees of
    freedom.

    Of equal laws it has about the mean k and the variance 2 k with k degrees of freedom: a cell
    each, less one for each table whose total is given. Rare cells are left out.
    """
    both = counts + others
    often = both >= 4 * ENOUGH
    statistic = ((counts - others)[often] ** 2 / both[often]).sum()
    return float(statistic), int(often.sum()) - len(counts)


@pytest.mark.statement("autoregressive_trajectories")
def test_the_fast_sampler_has_the_law_of_the_plain_one(mdp, pi, rng, measure):
    """Chi-squared of the transition counts of each step, less its mean, in standard deviations."""
    n = 50_000
    fast, plain = (transition_counts(f(mdp, pi, n, rng), mdp) for f in (sample, sample_plain))
    statistic, k = chi_squared(fast, plain)
    assert k > 100
    assert measure((statistic - k) / np.sqrt(2 * k), over=n, kind="z-score") < 5
    slip = MDP(0.95 * mdp.P + 0.05 * mdp.P[:, ::-1], mdp.r, mdp.mu0, mdp.H)
    statistic, k = chi_squared(fast, transition_counts(sample_plain(slip, pi, n, rng), mdp))
    assert (statistic - k) / np.sqrt(2 * k) > 5


@pytest.mark.statement("autoregressive_trajectories")
def test_the_plain_sampler_has_the_exact_law_of_the_transitions(mdp, pi, rng, measure):
    n = 50_000
    tau = sample_plain(mdp, pi, n, rng)
    counts = transition_counts(tau, mdp)
    assert measure(z_scores(counts, transition_law(mdp, pi), n), over=n, kind="z-score") < 5
    other = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    assert abs(z_scores(counts, transition_law(mdp, other), n)).max() > 5
    np.testing.assert_array_equal(tau.r, mdp.r[tau.s, tau.a])
    assert tau.pi is pi
    assert tau.complete


def test_a_draw_never_takes_what_has_no_probability(rng):
    p = rng.dirichlet(np.ones(5), size=10_000)
    p[:, [0, 2, 4]] = 0.0
    p /= p.sum(axis=1, keepdims=True)
    drawn = draw(p, rng)
    assert set(np.unique(drawn)) == {1, 3}
    assert abs(z_scores(np.array([(drawn == 1).sum()]), p[:, [1]].mean(axis=0), len(p)))[0] < 5
    with pytest.raises(ValueError, match=r"^p\[0\] must sum to 1, but it sums to 2"):
        draw(np.ones((3, 2)), rng)


# Seeds, types, layout


def test_a_seed_makes_the_same_trajectories_and_the_next_call_makes_others(mdp, pi):
    first, again = (sample(mdp, pi, 100, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.s, again.s)
    np.testing.assert_array_equal(first.a, again.a)
    rng = np.random.default_rng(5)
    sample(mdp, pi, 100, rng)
    assert (sample(mdp, pi, 100, rng).a != first.a).any()
    assert (sample(mdp, pi, 100, np.random.default_rng(6)).a != first.a).any()


def test_a_thousand_seeds_make_a_thousand_different_samples(small):
    """The sampler seeds a faster generator from the caller's: with few such seeds many would be
    alike."""
    pi = np.full((small.S, small.A), 1 / small.A)
    drawn = {sample(small, pi, 50, np.random.default_rng(seed)).a.tobytes() for seed in range(1000)}
    assert len(drawn) == 1000


def test_the_seeds_of_the_faster_generator_fill_their_range(monkeypatch, small):
    """Of 4,000 numbers below 2**63 some have their highest bit set, and none is there twice."""
    seeds: list[int] = []
    SFC64 = np.random.SFC64

    def record(seed: np.ndarray) -> np.random.SFC64:
        seeds.extend(int(x) for x in seed)
        return SFC64(seed)

    monkeypatch.setattr(np.random, "SFC64", record)
    rng = np.random.default_rng(0)
    for _ in range(1000):
        sample(small, np.full((small.S, small.A), 1 / small.A), 1, rng)
    assert len(set(seeds)) == 4000
    assert 2**62 < max(seeds) < 2**63


@pytest.mark.parametrize(("S", "A"), [(1, 2), (4, 3), (1, 128), (32, 32), (182, 1), (1, 32768)])
def test_indices_of_pairs_and_transitions_never_overflow(S, A):
    P = np.zeros((S, A, S))
    P[..., -1] = 1.0
    mdp = MDP(P, np.zeros((S, A)), np.full(S, 1 / S), H=3)
    last_action = np.zeros((S, A))
    last_action[:, -1] = 1.0
    tau = sample(mdp, last_action, 50, np.random.default_rng(0))
    assert tau.s.dtype.kind == tau.a.dtype.kind == "i"
    assert min(tau.s.dtype.itemsize, tau.a.dtype.itemsize) >= 2
    pair = tau.s * A + tau.a
    code = pair[:, :-1] * S + tau.s[:, 1:]
    assert pair[:, 1:].max() == S * A - 1
    assert code.min() >= 0
    assert code[:, 1:].max() == S * A * S - 1


def test_in_memory_the_steps_are_rows(mdp, pi, rng):
    tau = sample(mdp, pi, 7, rng)
    assert tau.s.shape == tau.a.shape == tau.r.shape == tau.mask.shape == (7, mdp.H)
    assert all(x.T.flags.c_contiguous for x in (tau.s, tau.a, tau.r))
    assert tau.r.dtype == float


def test_trajectories_are_complete_unless_their_mask_says_otherwise(mdp, pi, rng):
    tau = sample(mdp, pi, 4, rng)
    mask = np.ones((4, mdp.H), dtype=bool)
    assert tau.complete
    assert Trajectories(tau.s, tau.a, tau.r, mask).complete
    mask[2, -1] = False
    assert not Trajectories(tau.s, tau.a, tau.r, mask).complete


# The smallest cases


@pytest.mark.parametrize("n", [1, 2, CHUNK, CHUNK + 1])
def test_any_number_of_trajectories(small, rng, n):
    tau = sample(small, np.full((small.S, small.A), 1 / small.A), n, rng)
    assert tau.s.shape == (n, small.H)
    assert tau.s.max() < small.S
    assert tau.a.max() < small.A


def test_one_step_is_the_first_state_and_its_action(rng):
    mu0, pi = np.array([0.2, 0.5, 0.3]), rng.dirichlet(np.ones(2), size=3)
    mdp = MDP(np.full((3, 2, 3), 1 / 3), np.zeros((3, 2)), mu0, H=1)
    for table in (pi, pi[None]):
        tau = sample(mdp, table, N, rng)
        counts = np.bincount((tau.s * 2 + tau.a).ravel(), minlength=6)
        assert abs(z_scores(counts, (mu0[:, None] * pi).ravel())).max() < 5


def test_one_state_is_a_bandit(rng):
    bandit = MDP(np.ones((1, 3, 1)), [[0.0, 1.0, 2.0]], [1.0], H=20)
    pi = np.array([[0.0, 0.25, 0.75]])
    tau = sample(bandit, pi, N, rng)
    assert (tau.s == 0).all()
    counts = np.array([np.bincount(a, minlength=3) for a in tau.a.T])
    assert abs(z_scores(counts, np.broadcast_to(pi, counts.shape))).max() < 5
    both = (tau.a[:, :-1] * 3 + tau.a[:, 1:]).T
    counts = np.array([np.bincount(x, minlength=9) for x in both])
    assert abs(z_scores(counts, np.broadcast_to(np.outer(pi, pi).ravel(), counts.shape))).max() < 5


def test_nothing_leaves_an_absorbing_state_and_it_pays_nothing(lake, rng):
    tau = sample(lake, np.full((lake.S, lake.A), 1 / lake.A), 2000, rng)
    ends = np.flatnonzero((lake.P[np.arange(64), :, np.arange(64)] == 1).all(axis=1))
    there = np.isin(tau.s, ends)
    assert there[:, -1].mean() > 0.5
    assert (there[:, 1:] >= there[:, :-1]).all()
    assert (tau.s[:, 1:] == tau.s[:, :-1])[there[:, :-1]].all()
    assert (tau.r[there] == 0).all()


def test_a_certain_first_state_and_a_certain_policy_are_kept(lake, rng):
    pi = np.eye(lake.A)[rng.integers(lake.A, size=lake.S)]
    tau = sample(lake, pi, 500, rng)
    assert (tau.s[:, 0] == 0).all()
    np.testing.assert_array_equal(tau.a, pi.argmax(axis=1)[tau.s])


# Bad input


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3"])
def test_the_number_of_trajectories_must_be_a_positive_integer(small, rng, n):
    with pytest.raises(ValueError, match="N must be a positive integer"):
        sample(small, np.full((small.S, small.A), 0.5), n, rng)


@pytest.mark.parametrize("shape", [(2, 3), (3,), (4, 3, 2), (3, 3, 2, 1)])
def test_a_table_must_fit_the_mdp(small, rng, shape):
    with pytest.raises(
        ValueError, match=r"pi has shape .* but \(3, 2\) or \(3, 3, 2\) is expected"
    ):
        sample(small, np.full(shape, 0.5), 10, rng)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, 0.6], r"pi\[1\] must sum to 1, but it sums to 1.1"),
        ([1.5, -0.5], "pi must not be negative"),
        ([np.nan, 1.0], "pi must be finite"),
    ],
)
def test_the_rows_of_a_table_must_be_distributions(small, rng, row, message):
    pi = np.full((small.S, small.A), 0.5)
    pi[1] = row
    with pytest.raises(ValueError, match=message):
        sample(small, pi, 10, rng)


def test_a_sampler_wants_an_mdp_and_a_generator(small, rng):
    pi = np.full((small.S, small.A), 0.5)
    for f in (sample, sample_plain):
        for wrong in (0, None, np.random.RandomState(0), np.random):
            with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator, as "):
                f(small, pi, 3, wrong)
        for wrong in (None, pi, MDP):
            with pytest.raises(TypeError, match=r"^mdp must be an MDP, but it is "):
                f(wrong, pi, 3, rng)


# The border of Trajectories

INDEX, R = np.zeros((2, 3), int), np.ones((2, 3))


def mask_of(*lengths: int) -> np.ndarray:
    return np.arange(3) < np.array(lengths)[:, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"r": np.full((2, 3), np.nan)}, r"r must be finite, but it contains NaN or infinity\."),
        ({"r": R.astype(str)}, r"r must be an array of numbers, but its type is <U32\."),
        ({"r": R.astype(object)}, r"r must be an array of numbers, but its type is object\."),
        ({"r": [[1.0], [1.0, 2.0]]}, r"r must be an array, but its rows have unequal lengths\."),
        ({"r": R[0]}, r"r has shape \(3,\), but \(N, H\) with N and H at least 1 is expected\."),
        ({"r": R[:0]}, r"r has shape \(0, 3\), but \(N, H\) with N and H at least 1 is expected\."),
        ({"r": R[:, :0]}, r"r has shape \(2, 0\), but \(N, H\) with N and H at least 1 .*"),
        ({"s": INDEX[:, :2]}, r"s has shape \(2, 2\), but \(2, 3, \.\.\.\) is expected\."),
        ({"a": INDEX[0]}, r"a has shape \(3,\), but \(2, 3, \.\.\.\) is expected\."),
        ({"mask": mask_of(3, 3)[:1]}, r"mask has shape \(1, 3\), but \(2, 3\) is expected\."),
        (
            {"mask": np.array([[True, False, True], [True, True, True]])},
            r"mask must be True from the first step of an episode to its last\.",
        ),
        (
            {"mask": np.array([[False, True, True], [True, True, True]])},
            r"mask must be True from the first step of an episode to its last\.",
        ),
        ({"mask": mask_of(0, 3)}, r"mask must be True from the first step of an episode .*"),
        ({"mask": np.full((2, 3), "x")}, "mask must be an array of numbers, but its type is <U1."),
        (
            {"mask": np.full((2, 3), np.nan)},
            "mask must be finite, but it contains NaN or infinity.",
        ),
        (
            {"terminated": ["yes", "no"]},
            "terminated must be an array of numbers, but its type is <U3.",
        ),
        ({"terminated": [2, 0]}, "terminated must hold booleans, but its type is int64."),
        ({"terminated": [True]}, r"terminated has shape \(1,\), but \(2\) is expected\."),
        ({"last": np.zeros(3)}, r"last has shape \(3,\), but \(2, \.\.\.\) is expected\."),
    ],
)
def test_what_are_no_trajectories_is_refused_in_one_sentence(arguments, message):
    assert Trajectories(s=INDEX, a=INDEX, r=R).N == 2
    with pytest.raises(ValueError, match=f"^{message}$"):
        Trajectories(**({"s": INDEX, "a": INDEX, "r": R} | arguments))


def test_no_reward_stands_where_no_step_was_taken():
    r, mask = np.arange(6.0).reshape(2, 3), mask_of(1, 3)
    tau = Trajectories(INDEX, INDEX, r, mask)
    np.testing.assert_array_equal(tau.r, [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0]])
    assert r[0, 1] == 1.0
    for dtype in (np.float32, np.int64):
        assert Trajectories(INDEX, INDEX, r.astype(dtype), mask).r.dtype == dtype


def test_states_and_actions_may_be_vectors():
    tau = Trajectories(np.zeros((2, 3, 4)), np.zeros((2, 3, 1)), R, last=np.zeros((2, 4)))
    assert (tau.N, tau.H, tau.s.shape, tau.a.shape) == (2, 3, (2, 3, 4), (2, 3, 1))


def test_many_trajectories_are_shown_in_one_short_line(small, rng):
    tau = sample(small, np.full((small.S, small.A), 0.5), 5000, rng)
    assert repr(tau) == str(tau) == "Trajectories(N=5000, H=3)"
