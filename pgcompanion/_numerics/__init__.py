"""Fast forms behind the equations, each tested equal to the plain form that the book prints."""
