"""PPO on CartPole, and its learning curve."""

import gymnasium
import matplotlib.pyplot as plt
import numpy as np

import pgcompanion as pg

rng = np.random.default_rng(0)
envs = gymnasium.make_vec("CartPole-v1", num_envs=64)
run = pg.train(envs, pg.Settings(updates=20, lam=0.97), rng=rng)
print(pg.evaluate(envs, run, rng).mean())
plt.plot(run.steps, run.J)
plt.savefig("curve.svg")
