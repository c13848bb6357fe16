"""Ways to train the same networks, to be compared by speed."""
