"""
GridSearchCV in a Pipeline on mixed columns
===========================================

A wide network goes where any classifier goes: behind a ColumnTransformer, into a
Pipeline, and under GridSearchCV, which sees the diagnostics as scores as well.
"""

# %%
# The diabetes data as a frame with a category: is a patient worse than the median?

import matplotlib.pyplot as plt
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import diagnostic_scoring

plt.style.use("overparam_sk.drawing.displays")
X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X["sex"], y = X["sex"].map({1: "one", 2: "other"}), y > y.median()
columns = make_column_transformer(
    (OneHotEncoder(drop="if_binary"), ["sex"]), remainder=StandardScaler()
)
clf = OverparamReLUClassifier(
    max_iter=50, diagnostics=("relative_distance",), random_state=0
)
pipe = Pipeline([("columns", columns), ("clf", clf)])

# %%
# :func:`~overparam_sk.model_selection.diagnostic_scoring` is a ``scoring`` with the
# accuracy and the diagnostics. The best accuracy decides which is refitted.

search = GridSearchCV(
    pipe,
    {"clf__width": [10, 100, 1000], "clf__learning_rate": [0.1, 1, 10]},
    scoring=diagnostic_scoring(pipe),
    refit="accuracy",
)
found = search.fit(X, y).cv_results_

# %%
# Once the step is long enough the accuracies are within each other's standard deviation
# over the folds; how far the networks went to reach them is not.

figure, axes = plt.subplots(1, 2, figsize=(9, 4))
for step, style in zip((0.1, 1, 10), ("o-", "s--", "^:"), strict=True):
    of = found["param_clf__learning_rate"] == step
    widths = found["param_clf__width"][of] * step**0.05  # bars side by side
    for ax, score in zip(axes, ("accuracy", "relative_distance"), strict=True):
        means, spread = found[f"mean_test_{score}"][of], found[f"std_test_{score}"][of]
        ax.errorbar(widths, means, spread, fmt=style, label=step)
axes[0].set(xscale="log", xlabel="width", ylabel="accuracy in 5 folds")
axes[1].set(xscale="log", yscale="log", xlabel="width", ylabel="‖W − W(0)‖ / ‖W(0)‖")
axes[1].legend(title="learning_rate")
plt.show()
