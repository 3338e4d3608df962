"""Li and Liang (2018): section 7, appendices C and D, and what the proofs rest on.

The paper leaves two things open. Section 7 does not say whether the rows are scaled to
norm 1, which (A2) assumes: both readings are run. It writes the initialisation as
N(0, 1/√m); as (A3) has σ = 1/√m, the network takes that as the standard deviation, and
the other reading, a variance of 1/√m, is not run.
"""
