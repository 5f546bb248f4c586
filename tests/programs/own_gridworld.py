"""A gridworld of one's own, drawn with its values and a policy in one call."""

import pgcompanion as pg

grid = pg.GridWorld(["S..#", ".#..", "...G"], slip=0.1, step_reward=-0.05)
pi, values = pg.exact.optimal(grid.mdp(H=30))
ax = grid.show(values.V, pi)
ax.figure.savefig("grid.svg")
