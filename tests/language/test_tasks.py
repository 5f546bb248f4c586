"""The policy for sequences, the tasks, and that sampling and the finite world are one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from math import comb

import numpy as np
import pytest

from pgcompanion import exact, language
from pgcompanion.derivatives import complex_step


@pytest.fixture
def written(rng):
    """A task, its policy with random parameters, and some responses."""
    task = language.sort(digits=3, n=2)
    policy = task.policy(7, 5)
    theta = rng.normal(size=policy.p) / 2
    x = task.draw(200, rng)
    return task, policy, theta, x, task.respond(policy, theta, x, rng)


@pytest.mark.statement("response_mdp", "response_score")
def test_the_sequence_policy_is_differentiated_rightly(written, rng):
    """By a complex step. The control is the score of another token."""
    _, policy, theta, _, tau = written
    s, a = tau.s[:5, 1], tau.a[:5, 1]
    truth = complex_step(lambda t: policy.log_prob(t, s, a), theta)
    np.testing.assert_allclose(policy.score(theta, s, a), truth, atol=1e-10)
    w = rng.normal(size=5)
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), w @ truth, atol=1e-10)
    v = rng.normal(size=policy.p)
    np.testing.assert_allclose(
        policy.logits_jvp(theta, s, v),
        complex_step(lambda t: policy.logits(theta + t * v, s), np.zeros(1))[..., 0],
        atol=1e-10,
    )
    assert np.abs(policy.score(theta, s, (a + 1) % 4) - truth).max() > 1e-3


@pytest.mark.statement("response_mdp")
def test_the_finite_world_and_the_sampler_are_the_same(written, rng):
    """The same parameters, the same likelihood, the same rewards. The control has other parameters."""
    task, policy, theta, x, tau = written
    world, finite = task.world(), task.finite(policy)
    assert finite.p == policy.p
    assert finite.S == world.S
    every = language.every_response(world)
    listed = language.sequence_log_prob(finite, theta, every).reshape(len(task.prompts), -1)
    rewards = every.r.sum(axis=1).reshape(listed.shape)
    place = {y: i for i, y in enumerate(language.responses(task.vocabulary, task.length))}
    row = [place[tuple(a[m])] for a, m in zip(tau.a, tau.mask, strict=True)]
    own = language.sequence_log_prob(policy, theta, tau)
    np.testing.assert_allclose(own, listed[x, row], atol=1e-12)
    np.testing.assert_array_equal(tau.r.sum(axis=1), rewards[x, row])
    other = language.sequence_log_prob(policy, theta + 0.1, tau)
    assert np.abs(other - listed[x, row]).max() > 1e-3


@pytest.mark.parametrize("name", language.TASKS)
def test_every_task_can_be_solved_and_is_not_by_chance(name):
    """The best policy is always right, which Bellman's recursion says of the table of rewards."""
    task = language.TASKS[name]()
    world = task.world()
    uniform = np.full((world.S, world.A), 1 / world.A)
    assert pytest.approx(1.0) == exact.optimal(world)[1].J
    assert 0 < exact.evaluate(world, uniform).J < 0.15
    assert set(np.unique(world.r)) == {0.0, 1.0}


def answers(task, prompt):
    """Every right response to a prompt, without its end."""
    ys = language.responses(task.vocabulary, task.length)
    rows = np.array([[*y, *[0] * (task.length - len(y))] for y in ys])
    right = task.reward(np.array([prompt]), rows) > 0
    return [y[:-1] for y, ok in zip(ys, right, strict=True) if ok]


def test_the_tasks_ask_what_they_say():
    assert answers(language.reverse(3, 3), (1, 2, 3)) == [(3, 2, 1)]
    assert answers(language.sort(3, 3), (3, 1, 3)) == [(1, 3, 3)]
    task = language.add(base=3, n=2)  # 22 + 12 in base 3 is 111; the low digit comes first
    assert answers(task, (3, 3, 3, 2)) == [(2, 2, 2)]
    found = answers(language.brackets(2), (1, 1))
    assert found == [(2, 2)]
    assert set(answers(language.brackets(2), (1, 2))) == {(), (1, 2)}


def test_the_named_tasks_are_as_small_as_they_say():
    """Tokens with the end; prompts, counted; tokens of an answer with its end: carries are digits, too."""
    sizes = {
        "reverse": (2 + 1, 2**3, 3 + 1),
        "sort": (3 + 1, 3**2, 2 + 1),
        "add": (2 + 1, 2 ** (1 + 1), 1 + 1 + 1),
        "brackets": (2 + 1, comb(3, 1), 3 + 2),
    }
    tasks = {name: make() for name, make in language.TASKS.items()}
    found = {name: (x.vocabulary, len(x.prompts), x.length) for name, x in tasks.items()}
    assert found == sizes


def test_a_place_without_a_token_says_nothing_to_the_network(written):
    """It reads a 1 for each token that is there, prompt and response, and one for the position."""
    task, policy, _, _, tau = written
    there = task.prompts.shape[1] + np.arange(task.length)
    read = policy.embed(tau.s).sum(axis=-1)
    np.testing.assert_array_equal(read, np.broadcast_to(there + 1, read.shape))


def test_a_task_stays_as_it_was_checked():
    task = language.reverse(digits=2, n=2)
    with pytest.raises(FrozenInstanceError):
        task.length = 0


def test_an_answer_counts_only_with_its_end():
    task = language.brackets(1)
    assert task.reward(np.array([[1]]), np.array([[2, 0, 0], [2, 1, 2]])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"vocabulary": 0}, "vocabulary"), ({"prompts": [[9]]}, "prompts"), ({"length": 0}, "length"),
     ({"reward": None}, "reward"), ({"prompts": [1]}, "prompts")],
)  # fmt: skip
def test_a_task_that_cannot_be_is_answered(arguments, word):
    good = {"vocabulary": 3, "prompts": [[1, 2]], "length": 2, "reward": lambda x, y: 0.0}
    with pytest.raises((ValueError, TypeError), match=word):
        language.Task(**good | arguments)


def test_a_context_of_another_shape_is_answered():
    policy = language.SequenceSoftmax(vocabulary=3, places=2, length=2)
    for s in (np.zeros((4, 2), int), np.zeros((4, 3)), "a word"):
        with pytest.raises(ValueError, match=r"\bs\b"):
            policy.probs(np.zeros(policy.p), s)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_the_prompts_of_brackets_are_all_that_never_close_what_is_not_open(n):
    """There are n choose n // 2 of them. That never come back to 0, the control, are fewer."""
    depth = np.where(language.brackets(n).prompts == 1, 1, -1).cumsum(axis=1)
    assert (depth >= 0).all()
    assert len(np.unique(depth, axis=0)) == len(depth) == comb(n, n // 2)
    above = (depth > 0).all(axis=1).sum()
    assert above == comb(n - 1, (n - 1) // 2) < len(depth) + (n == 1)
