"""Kong (2019): the experiments of section V, judged claim by claim.

Six data sets, a first layer of 5 units and a second of up to 4000, full-batch gradient
descent of step 2·10⁻⁴ for 1000 iterations, everything recorded at every iteration.

The paper leaves three things open. It does not say what numbers the two classes of
images are taken for: here the first is 0 and the second 1, in the range of its
synthetic targets, and classes 1, 7 and 7, 9 also stand for themselves. Its images are
drawn at random: here they are the first 50 of each class. "On the unit ball" is taken
as the sphere, as section III has rows of norm 1.
"""
