"""PPO on an environment of one's own, which is registered nowhere, and its learning curve."""

import gymnasium
import matplotlib.pyplot as plt
import numpy as np
from gymnasium.vector import SyncVectorEnv

import pgcompanion as pg


class Target(gymnasium.Env):
    """Push a point towards 0; every step costs its distance, and an episode has 40 steps."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.h, self.x, self.v = 0, self.np_random.uniform(-2.0, 2.0), 0.0
        return self.seen(), {}

    def step(self, action):
        self.v = 0.8 * self.v + 0.2 * float(action[0])
        self.h, self.x = self.h + 1, self.x + self.v
        return self.seen(), -abs(self.x), False, self.h == 40, {}

    def seen(self):
        return np.array([self.x, self.v], np.float32)


# The program: everything below.
rng = np.random.default_rng(0)
envs = SyncVectorEnv([Target] * 16)
settings = pg.Settings(updates=60, normalise_observations=True)
run = pg.train(envs, settings, rng=rng)
print(pg.evaluate(envs, run, rng).mean())
pg.save("target.npz", run)
plt.plot(run.steps, run.J)
plt.savefig("curve.svg")
