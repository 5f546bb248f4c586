"""The machinery behind the exercises: it runs an answer, judges it and says what it found."""
