"""Proximal steps: the penalised maximum and its closed form, the practical update, and what each setting does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion._numerics.newton import newton_ascent
from pgcompanion.batches import Batch, Exact, Sampled, trajectory_batch
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import normalised
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import Adam, adapted, npg_step, penalty_argmax, ppo_step, trpo_argmax
from pgcompanion.steps.proximal import shortened
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10


class Bare:
    """A policy without its closed forms: the defaults have to do."""

    def __init__(self, policy) -> None:
        self.policy = policy

    def __getattr__(self, name: str):
        if name in ("natural", "penalty_argmax"):
            raise AttributeError(name)
        return getattr(self.policy, name)


# --- The penalised maximum ------------------------------------------------------------------------


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [0.1, 1.0, 100.0])
def test_the_gradient_is_zero_at_the_maximum(policy, theta, batch, lam, rng, measure):
    """And 200 other points lie lower. With the divergence rewarded, the negative control, it is not 0."""
    new = penalty_argmax(policy, theta, batch, lam)
    scale = np.linalg.norm(objectives.gradient(policy, theta, batch))
    g = objectives.penalty_gradient(policy, theta, new, batch, lam)
    assert measure(g / scale, over=1, of="updates") < 1e-9
    derivative = complex_step(lambda t: objectives.penalty(policy, theta, t, batch, lam), new)
    np.testing.assert_allclose(derivative / scale, 0.0, atol=1e-9)
    value = objectives.penalty(policy, theta, new, batch, lam)
    for _ in range(200):
        other = new + 0.3 * rng.normal(size=len(theta))
        assert objectives.penalty(policy, theta, other, batch, lam) < value
    rewarded = 2 * objectives.surrogate_gradient(policy, new, batch) - g
    assert np.linalg.norm(rewarded) > 0.1 * scale


@pytest.mark.statement("ppo")
def test_the_reversed_divergence_has_another_maximum(mdp, policy, theta, batch):
    lam = 0.5
    new = penalty_argmax(policy, theta, batch, lam)

    def reversed_objective(t):
        d = exact.expected_visits(mdp, policy.table(t))
        return objectives.surrogate(policy, t, batch) - lam * (
            d @ policy.kl(t, theta, policy.states)
        )

    assert np.abs(complex_step(reversed_objective, new)).max() > 1e-2


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("timed", [False, True], ids=["stationary", "time-dependent"])
@pytest.mark.parametrize("lam", [0.3, 3.0])
@pytest.mark.parametrize("made", ["exact", "sampled"])
def test_the_closed_form_of_a_table_is_the_default(small, timed, lam, made, rng):
    """Newton's method on the same batch finds the same policy; of another penalty, the control, it does not.

    The batches hold every action of the states that they hold: where one is missing the closed form says
    what its advantage is, 0, and a sum over the rows says nothing.
    """
    policy = TabularSoftmax(small.S, small.A, H=small.H if timed else None)
    theta = 0.3 * rng.normal(size=policy.p)
    batch = (Exact(small) if made == "exact" else Sampled(small, N=400, rng=rng))(policy, theta)
    assert len(set(zip(batch.s, batch.a, strict=True))) == policy.p
    tables = [
        policy.table(penalty_argmax(chosen, theta, batch, at))
        for chosen, at in ((policy, lam), (Bare(policy), lam), (policy, 2 * lam))
    ]
    np.testing.assert_allclose(tables[0], tables[1], atol=1e-8)
    assert np.abs(tables[2] - tables[0]).max() > 1e-3


@pytest.mark.statement("ppo")
def test_newtons_method_may_begin_anywhere_on_the_hill(mdp, rng):
    """From elsewhere it finds the same maximum. Where it begins, the control, is far from it."""
    policy = LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, 5)))
    theta = rng.normal(size=5)
    batch = Exact(mdp)(policy, theta)
    new = penalty_argmax(policy, theta, batch, 1.0)
    start = theta + 0.5 * rng.normal(size=5)
    np.testing.assert_allclose(penalty_argmax(policy, theta, batch, 1.0, start), new, atol=1e-8)
    assert np.abs(start - new).max() > 1e-2
    by_hand = newton_ascent(
        lambda t: objectives.penalty(policy, theta, t, batch, 1.0),
        lambda t: objectives.penalty_gradient(policy, theta, t, batch, 1.0),
        theta,
    )
    np.testing.assert_allclose(by_hand, new, atol=1e-9)


@pytest.mark.statement("ppo")
def test_a_state_and_an_action_that_the_batch_lacks(rng):
    """A state without a row keeps its logits; an action without one counts as average. The control has a row."""
    policy, one = TabularSoftmax(2, 3), np.ones(2)
    theta, s, a = rng.normal(size=6), np.array([0, 0]), np.array([0, 1])
    batch = Batch(s, a, one, np.array([1.0, -1.0]), policy.log_prob(theta, s, a))
    pi, new = policy.table(theta), policy.table(penalty_argmax(policy, theta, batch, 2.0))
    np.testing.assert_allclose(new[1], pi[1], atol=EXACT)
    assert new[0, 0] > pi[0, 0]
    assert new[0, 1] < pi[0, 1]
    # Its stationarity: lam n pi_k / (lam n' ...) -- the multiplier is one number for the state.
    A_bar = np.array([1.0, -1.0, 0.0]) / (2 * pi[0]) * [1, 1, 0]
    nu = A_bar + 2.0 * pi[0] / new[0]
    np.testing.assert_allclose(nu, nu[0], rtol=1e-8)


@pytest.mark.statement("ppo", "npg")
def test_a_strong_penalty_gives_the_natural_step_with_an_error_of_second_order(
    mdp, policy, theta, batch, slope
):
    """Against the plain gradient, the negative control, the error is of first order."""
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    natural = npg_step(g, F, 1.0)
    natural = natural * np.sqrt(g @ np.linalg.pinv(F, hermitian=True) @ g / 2)

    def error(step):
        return lambda eta: np.linalg.norm(
            penalty_argmax(policy, theta, batch, 1 / eta) - theta - eta * step
        )

    assert slope(error(natural), 1e-3, 1e-2) == pytest.approx(2.0, abs=0.1)
    assert slope(error(g), 1e-3, 1e-2) == pytest.approx(1.0, abs=0.1)
    assert error(g)(1e-3) > 50 * error(natural)(1e-3)


@pytest.mark.statement("ppo", "trpo")
@pytest.mark.parametrize("delta", [1e-3, 0.1])
def test_with_the_multiplier_of_trpo_for_a_penalty_the_step_is_trpos(policy, theta, batch, delta):
    """With twice the multiplier, the negative control, it is shorter."""
    constrained, alpha = trpo_argmax(policy, theta, batch, delta)
    np.testing.assert_allclose(penalty_argmax(policy, theta, batch, alpha), constrained, atol=1e-7)
    g = objectives.penalty_gradient(policy, theta, constrained, batch, alpha)
    np.testing.assert_allclose(g, 0.0, atol=1e-9)
    assert np.abs(penalty_argmax(policy, theta, batch, 2 * alpha) - constrained).max() > 1e-3


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
@pytest.mark.parametrize("lam", [1e-3, 0.5])
def test_metamorphic_at_every_size_of_theta(small, scale, lam, rng):
    """Logits shifted in each state, rewards shifted, rewards and penalty in another unit: the same policy.

    With the penalty in the old unit, the negative control, it is another.
    """
    policy = TabularSoftmax(small.S, small.A)
    theta = scale * rng.uniform(-1, 1, size=policy.p)

    def update(r, theta, lam):
        mdp = type(small)(small.P, r, small.mu0, small.H)
        return policy.table(penalty_argmax(policy, theta, Exact(mdp)(policy, theta), lam))

    pi = update(small.r, theta, lam)
    shift = np.repeat(scale * rng.normal(size=small.S), small.A)
    np.testing.assert_allclose(update(small.r, theta + shift, lam), pi, atol=1e-6)
    np.testing.assert_allclose(update(small.r + 2.5, theta, lam), pi, atol=1e-6)
    np.testing.assert_allclose(update(100 * small.r, theta, 100 * lam), pi, atol=1e-6)
    assert scale > 30 or np.abs(update(100 * small.r, theta, lam) - pi).max() > 1e-9


# --- The practical update -------------------------------------------------------------------------


@pytest.mark.statement("ppo")
def test_adam_climbs_towards_the_maximum(policy, theta, batch):
    """Each time ten times as many steps, and a tenth of what was missed, at most. No step is the control."""
    lam = 1.0
    best = objectives.penalty(policy, theta, penalty_argmax(policy, theta, batch, lam), batch, lam)

    def gain(n):
        new = ppo_step(policy, theta, batch, lam=lam, eta=0.01, epochs=n)
        return objectives.penalty(policy, theta, new, batch, lam)

    gains = [gain(n) for n in (10, 100, 1000)]
    assert gain(0) == 0 < gains[0] < gains[1] < gains[2]
    missed = 1 - np.array(gains) / best
    assert (missed[1:] < missed[:-1] / 10).all()


@pytest.mark.statement("ppo", "ppo_clip", "adam")
@pytest.mark.parametrize("objective", [{"lam": 0.5}, {"eps": 0.2}])
def test_without_minibatches_an_epoch_is_one_step_of_adam(policy, theta, batch, objective):
    """Line by line, by hand. The negative control climbs the other objective."""

    def by_hand(lam=None, eps=None):
        adam, t = Adam(policy.p, 0.02), theta.copy()
        for _ in range(5):
            if lam is None:
                t += adam.step(objectives.clip_gradient(policy, t, batch, eps))
            else:
                t += adam.step(objectives.penalty_gradient(policy, theta, t, batch, lam))
        return t

    new = ppo_step(policy, theta, batch, eta=0.02, epochs=5, **objective)
    np.testing.assert_allclose(new, by_hand(**objective), atol=EXACT)
    other = by_hand(lam=5.0) if "eps" in objective else by_hand(eps=0.01)
    assert np.abs(new - other).max() > 1e-4


@pytest.mark.statement("ppo_clip")
def test_there_are_ten_epochs_as_in_the_paper(policy, theta, batch):
    """Schulman et al. 2017, table 3. The control is one less."""
    without = ppo_step(policy, theta, batch, eps=0.2)
    np.testing.assert_array_equal(without, ppo_step(policy, theta, batch, eps=0.2, epochs=10))
    assert (without != ppo_step(policy, theta, batch, eps=0.2, epochs=9)).any()


@pytest.mark.statement("ppo_clip")
def test_the_ratio_stops_near_its_bound(policy, theta, batch):
    """Without a bound, the negative control, it goes on."""
    clipped, free = (
        ppo_step(policy, theta, batch, eps=e, eta=0.02, epochs=100) for e in (0.1, 1e9)
    )
    u, v = (policy.table(t) / policy.table(theta) for t in (clipped, free))
    assert np.abs(np.log(u)).max() < 0.5 * np.abs(np.log(v)).max()
    assert objectives.clip(policy, clipped, batch, 0.1) > 0


@pytest.fixture
def gaussian(rng):
    """200 steps of a Gaussian, whose best action is its state's first number."""
    policy = LinearGaussian(features=2, n=1, sigma=None)
    theta, s = 0.3 * rng.normal(size=policy.p), rng.normal(size=(40, 5, 2))
    a = policy.sample(theta, s, rng)
    tau = Trajectories(s, a, -((a[..., 0] - s[..., 0]) ** 2))
    psi = normalised(tau.r.ravel()).reshape(tau.r.shape)
    return SimpleNamespace(
        policy=policy, theta=theta, batch=trajectory_batch(policy, theta, tau, psi)
    )


@pytest.mark.statement("ppo", "ppo_clip")
@pytest.mark.parametrize("objective", [{"lam": 0.5}, {"eps": 0.2}])
def test_minibatches_improve_what_they_never_see_whole(gaussian, objective):
    """The generator alone decides how; another one, the control, decides otherwise."""
    policy, theta, batch = gaussian.policy, gaussian.theta, gaussian.batch
    options = {"eta": 0.02, "epochs": 5, "minibatch": 32, **objective}
    new, again, other = (
        ppo_step(policy, theta, batch, rng=np.random.default_rng(i), **options) for i in (0, 0, 1)
    )
    np.testing.assert_array_equal(new, again)
    assert np.abs(new - other).max() > 1e-4
    assert objectives.surrogate(policy, new, batch) > 0.05
    assert objectives.surrogate(policy, theta, batch) == pytest.approx(0.0, abs=EXACT)


@pytest.mark.statement("ppo_clip", "adam")
def test_a_minibatch_of_all_rows_is_the_whole_batch(gaussian, rng):
    """In another order, to round-off. Smaller ones, the control, take more steps."""
    policy, theta, batch = gaussian.policy, gaussian.theta, gaussian.batch
    whole = ppo_step(policy, theta, batch, eps=0.2)
    shuffled = ppo_step(policy, theta, batch, eps=0.2, minibatch=batch.B, rng=rng)
    np.testing.assert_allclose(shuffled, whole, atol=1e-9)
    assert (
        np.abs(ppo_step(policy, theta, batch, eps=0.2, minibatch=50, rng=rng) - whole).max() > 1e-3
    )


@pytest.mark.statement("ppo_clip")
def test_a_network_updates_in_single_precision_where_it_has_room(small, rng):
    """With minibatches, to single precision of the plain update; a hundredth of the step is the control."""
    policy = NeuralSoftmax(inputs=3, A=3, hidden=(6,))
    theta, s = 0.3 * rng.normal(size=policy.p), rng.normal(size=(60, 3))
    a = policy.sample(theta, s, rng)
    batch = Batch(s, a, np.full(60, 1 / 60), rng.normal(size=60), policy.log_prob(theta, s, a))

    class NoRoom(Bare):
        def room(self, n):
            return None

    fast, plain = (
        ppo_step(p, theta, batch, eps=0.2, eta=0.01, minibatch=20, rng=np.random.default_rng(0))
        for p in (policy, NoRoom(policy))
    )
    step = np.abs(plain - theta).max()
    assert 0 < np.abs(fast - plain).max() < 1e-2 * step
    assert fast.dtype == plain.dtype == np.float64


# --- What each setting does -----------------------------------------------------------------------


@pytest.mark.statement("ppo_objective")
def test_the_bonus_keeps_the_entropy_up(policy, theta, batch):
    """More of it, more entropy. Its first step is that of the gradient with the bonus's own added."""

    def entropy(bonus):
        new = ppo_step(policy, theta, batch, eps=0.2, eta=0.05, epochs=30, bonus=bonus)
        return objectives.entropy(policy, new, batch)

    plain, some, more = (entropy(b) for b in (0.0, 0.1, 1.0))
    assert plain < some < more
    g = objectives.gradient(policy, theta, batch) + 0.7 * objectives.entropy_gradient(
        policy, theta, batch
    )
    one = ppo_step(policy, theta, batch, eps=0.2, eta=0.05, epochs=1, bonus=0.7)
    np.testing.assert_allclose(one, theta + Adam(policy.p, 0.05).step(g), atol=EXACT)
    unbonused = ppo_step(policy, theta, batch, eps=0.2, eta=0.05, epochs=3)
    np.testing.assert_array_equal(
        ppo_step(policy, theta, batch, eps=0.2, epochs=3, bonus=0.0), unbonused
    )


@pytest.fixture
def noting(monkeypatch):
    """Every gradient that an update hands to Adam."""
    from pgcompanion.steps import proximal

    seen = []

    class Noting(Adam):
        def step(self, g):
            seen.append(g.copy())
            return super().step(g)

    monkeypatch.setattr(proximal, "Adam", Noting)
    return seen


@pytest.mark.statement("ppo_clip")
def test_gradients_longer_than_max_norm_are_shortened_and_keep_their_direction(
    policy, theta, batch, noting
):
    """Shorter ones stay as they are. Cut entry by entry, the negative control, they would turn."""
    ppo_step(policy, theta, batch, lam=1.0, epochs=4)
    free = [g.copy() for g in noting]
    lengths = np.linalg.norm(free, axis=1)
    for limit in (0.5 * lengths.min(), 0.5 * (lengths.min() + lengths.max()), 2 * lengths.max()):
        noting.clear()
        new = ppo_step(policy, theta, batch, lam=1.0, epochs=4, max_norm=limit)
        assert np.linalg.norm(noting, axis=1).max() <= limit * (1 + 1e-12)
        first = free[0] * min(1.0, limit / lengths[0])
        np.testing.assert_allclose(noting[0], first, rtol=1e-12)
    np.testing.assert_allclose(new, ppo_step(policy, theta, batch, lam=1.0, epochs=4), atol=EXACT)
    g = np.array([3.0, 4.0])
    np.testing.assert_allclose(shortened(g, 1.0), [0.6, 0.8])
    assert np.abs(np.clip(g, -1.0, 1.0) - shortened(g, 1.0)).max() > 0.1
    np.testing.assert_array_equal(shortened(g, 5.0), g)
    np.testing.assert_array_equal(shortened(np.zeros(2), 1.0), 0.0)


@pytest.mark.statement("ppo_clip", "kld")
def test_stop_kl_ends_the_epochs_once_the_divergence_exceeds_it(policy, theta, batch):
    """After the first epoch that exceeds it, not before. Without it, the negative control, all are taken."""
    options = {"lam": 0.1, "eta": 0.02}
    path = [ppo_step(policy, theta, batch, epochs=n, **options) for n in range(21)]
    kl = np.array([objectives.kl(policy, theta, t, batch) for t in path])
    assert (np.diff(kl) > 0).all()
    for last in (1, 5, 13):
        limit = (kl[last - 1] + kl[last]) / 2
        stopped = ppo_step(policy, theta, batch, epochs=20, stop_kl=limit, **options)
        np.testing.assert_array_equal(stopped, path[last])
    unstopped = ppo_step(policy, theta, batch, epochs=20, stop_kl=2 * kl[-1], **options)
    np.testing.assert_array_equal(unstopped, path[20])


@pytest.mark.statement("ppo_clip", "adam")
def test_an_adam_that_is_handed_over_goes_on(policy, theta, batch):
    """Two updates with one Adam are one of twice the epochs, as far as the objective is the same.

    The negative control takes a new one for the second: its first steps are as long as eta again.
    """
    far = Batch(batch.s, batch.a, batch.w, batch.A, batch.log_prob)
    adam = Adam(policy.p, eta=0.02)
    half = ppo_step(policy, theta, far, eps=1e9, eta=adam, epochs=5)
    assert adam.t == 5
    both = ppo_step(policy, half, far, eps=1e9, eta=adam, epochs=5)
    assert adam.t == 10
    whole = ppo_step(policy, theta, far, eps=1e9, eta=0.02, epochs=10)
    np.testing.assert_allclose(both, whole, atol=EXACT)
    anew = ppo_step(policy, half, far, eps=1e9, eta=0.02, epochs=5)
    assert np.abs(anew - whole).max() > 1e-4


def test_without_a_pass_the_parameters_are_a_copy_of_the_old(policy, theta, batch):
    new = ppo_step(policy, theta, batch, eps=0.2, epochs=0)
    np.testing.assert_array_equal(new, theta)
    assert not np.shares_memory(new, theta)
    before = theta.copy()
    assert (ppo_step(policy, theta, batch, eps=0.2, epochs=1) != new).any()
    np.testing.assert_array_equal(theta, before)


def test_parameters_may_come_as_a_list_of_integers(small):
    policy, theta = TabularSoftmax(small.S, small.A), [0, 1, 0, 2, 0, 3]
    batch = Exact(small)(policy, np.array(theta, float))
    of_list, of_array = (
        ppo_step(policy, t, batch, eps=0.2) for t in (theta, np.array(theta, float))
    )
    np.testing.assert_array_equal(of_list, of_array)
    assert of_list.dtype == float


# --- The penalty that adapts ----------------------------------------------------------------------


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("target", [1e-3, 0.1, 7.0])
def test_the_penalty_moves_by_factors_of_two_beyond_a_factor_of_one_and_a_half(target):
    """Too far, and it is doubled; too near, and it is halved; between, it stays.

    A rule without a band, the negative control, moves there too.
    """
    for factor, becomes in (
        (1.51, 2.0),
        (1.49, 1.0),
        (1.0, 1.0),
        (0.68, 1.0),
        (0.66, 0.5),
        (0.0, 0.5),
    ):
        assert adapted(3.0, factor * target, target) == 3.0 * becomes
        without_band = 2.0 if factor > 1 else 0.5
        assert (without_band != becomes) == (becomes == 1.0)
    for edge in (1.5 * target, target / 1.5):  # neither above nor below
        assert adapted(3.0, edge, target) == 3.0
    assert adapted(2.0**500, 10 * target, target) == 2.0**500
    assert adapted(2.0**-500, 0.0, target) == 2.0**-500
    for args, message in (
        ((-1, 0.1, 0.1), r"^lam must be positive, but it is -1\.$"),
        ((1.0, 0.1, -1), r"^target must be positive, but it is -1\.$"),
        ((1.0, np.nan, 0.1), r"^kl must be finite, but it is nan\.$"),
        ((1.0, None, 0.1), r"^kl must be a number, but it is None\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            adapted(*args)


# --- The border -----------------------------------------------------------------------------------


def test_what_cannot_be_right_is_refused(policy, theta, batch, gaussian, rng):
    with pytest.raises(
        ValueError, match=r"^Exactly one of lam and eps must be given, but found none\.$"
    ):
        ppo_step(policy, theta, batch)
    with pytest.raises(ValueError, match=r"but found lam and eps\.$"):
        ppo_step(policy, theta, batch, lam=1.0, eps=0.2)
    for options, message in (
        ({"lam": -1}, r"lam must be positive, but it is -1"),
        ({"eps": np.inf}, r"eps must be finite, but it is inf"),
        ({"eps": 0.2, "eta": -1}, r"eta must be positive, but it is -1"),
        ({"eps": 0.2, "eta": None}, r"eta must be a number, but it is None"),
        (
            {"eps": 0.2, "eta": Adam(policy.p + 1)},
            r"eta must be Adam for p = \d+ parameters, but it is for \d+",
        ),
        (
            {"eps": 0.2, "epochs": -1},
            r"epochs must be an integer that is not negative, but it is -1",
        ),
        ({"eps": 0.2, "minibatch": 0}, r"minibatch must be a positive integer, but it is 0"),
        ({"eps": 0.2, "minibatch": 2.5}, r"minibatch must be a positive integer, but it is 2\.5"),
        ({"eps": 0.2, "bonus": -1}, r"bonus must not be negative, but it is -1"),
        ({"eps": 0.2, "bonus": None}, r"bonus must be a number, but it is None"),
        ({"eps": 0.2, "max_norm": 0.0}, r"max_norm must be positive, but it is 0\.0"),
        ({"eps": 0.2, "max_norm": "a"}, r"max_norm must be a number, but it is 'a'"),
        ({"eps": 0.2, "stop_kl": -1}, r"stop_kl must be positive, but it is -1"),
        ({"eps": 0.2, "stop_kl": np.nan}, r"stop_kl must be finite, but it is nan"),
    ):
        with pytest.raises(ValueError, match=rf"^{message}\.$"):
            ppo_step(policy, theta, batch, **options)
    with pytest.raises(ValueError, match=r"^minibatch needs a batch with a row for each step, but"):
        ppo_step(policy, theta, batch, eps=0.2, minibatch=8, rng=rng)
    for wrong in (None, 0, np.random.RandomState(0)):
        with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
            ppo_step(
                gaussian.policy, gaussian.theta, gaussian.batch, eps=0.2, minibatch=8, rng=wrong
            )
    for call in (lambda *args: ppo_step(*args, eps=0.2), lambda *args: penalty_argmax(*args, 1.0)):
        with pytest.raises(TypeError, match=r"^policy must be a policy such as"):
            call(None, theta, batch)
        with pytest.raises(TypeError, match=r"^batch must be a Batch, but it is"):
            call(policy, theta, None)
        with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
            call(policy, theta[:2], batch)
    with pytest.raises(ValueError, match=r"^lam must be positive, but it is 0\.0\.$"):
        penalty_argmax(policy, theta, batch, 0.0)
