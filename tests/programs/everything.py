"""One import reaches everything public."""

import numpy as np

import pgcompanion as pg

mdp = pg.GridWorld.named("4x4", slip=0.2).mdp(H=20)
policy, rng = pg.TabularSoftmax(mdp.S, mdp.A), np.random.default_rng(0)
theta = policy.init(rng)
J = pg.exact.evaluate(mdp, policy.table(theta)).J
tau = pg.sample(mdp, policy.table(theta), 10_000, rng)
r = pg.estimators.reward_to_go(tau.r)
g = pg.estimators.policy_gradient(policy, theta, tau, r)
exact = pg.exact.gradient(mdp, policy, theta)
*_, last = pg.npg(pg.Exact(mdp), policy, theta, eta=1.0, K=5)
names = [pg.bernoulli.J, pg.objectives.clip, pg.steps.ppo_step, pg.batches.Batch, pg.complex_step]
rooms = [pg.demos, pg.exercises, pg.experiments, pg.grading, pg.notebook, pg.style, pg.training]
