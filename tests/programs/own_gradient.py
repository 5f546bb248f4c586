"""A gradient formula of one's own against the exact gradient."""

import numpy as np

import pgcompanion as pg

rng = np.random.default_rng(0)
mdp = pg.GridWorld.named("4x4", slip=0.2).mdp(H=10)
policy = pg.TabularSoftmax(mdp.S, mdp.A)
theta = rng.normal(size=policy.p)


def mine(theta):
    """Per state: visits times probability times advantage, summed over the steps."""
    pi = policy.table(theta)
    values = pg.exact.evaluate(mdp, pi)
    return (values.d[:, :, None] * pi * values.A).sum(axis=0).ravel()


def J(theta):
    return pg.exact.evaluate(mdp, policy.table(theta)).J


error = abs(mine(theta) - pg.exact.gradient(mdp, policy, theta)).max()
by_differentiation = abs(mine(theta) - pg.complex_step(J, theta)).max()
