import pytest

from tablesense.corpora.splits import normal_split


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *(("training_set", "train"), ("testing_set", "test"), ("train", "train"), ("Training", "train")),
        *(
            ("validation", "val"),
            ("DEV", "val"),
            (" val ", "val"),
            ("test-split", "test"),
            ("TestSet", "test"),
        ),
    ],
)
def test_splits_have_one_name(theirs: str, ours: str) -> None:
    assert normal_split(theirs) == ours


@pytest.mark.parametrize("name", ["", "set", "holdout", "tra in", "latest", "0"])
def test_an_unknown_split_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"split {name!r} is none of train, val, test"):
        normal_split(name)
