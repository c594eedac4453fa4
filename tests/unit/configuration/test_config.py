"""The configuration: the repository's own passes, and each bad value gets a sentence with key, value and mend."""

import copy
from pathlib import Path

import pytest
import yaml

from earfield.configuration.check import check_config
from earfield.errors import ConfigError

ROOT = Path(__file__).parents[3]
SCHEMA_PATH = ROOT / "workflow/schemas/config.schema.yaml"
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SCHEMA = yaml.safe_load(SCHEMA_PATH.read_text(encoding="utf-8"))
FILES = {"source": "files", "path": str(ROOT), "seeds": [1]}


def changed(text):
    """Return the repository's configuration with a value set, as `a.b.0=value`, or a key removed, as `a.b`."""
    place, _, value = text.partition("=")
    config = copy.deepcopy(CONFIG)
    *parents, last = (int(part) if part.isdigit() else part for part in place.split("."))
    inner = config
    for part in parents:
        inner = inner[part]
    if value:
        inner[last] = yaml.safe_load(value)
    else:
        del inner[last]
    return config


def complaint(config):
    """Return the sentence that a configuration is refused with."""
    with pytest.raises(ConfigError) as caught:
        check_config(config, SCHEMA_PATH)
    return str(caught.value)


def test_repositorys_configuration_passes():
    check_config(CONFIG, SCHEMA_PATH)


@pytest.mark.parametrize(
    "text",
    [
        "train.optimizer={name: sgd, learning_rate: 0.01, momentum: 0.9}",
        "train.optimizer.learning_rate=1",
        "network.conv=[{filters: 1, kernel: [64, 86], pool: [1, 1], l2: 0}]",
        "segment.frames=34",
        "datasets.demo.train={max_epochs: 3}",
        "mel.fmax=11025",
        "mel.hop_length=512",
        "tracks.max_unusable=0",
        "protocols.mine={kind: stratified, ratio: [0.5, 0.2, 0.3], duplicates: apart, labels: [jazz, rock]}",
        "protocols.my={kind: cross_validation, folds: 5, ratio: [3, 1], duplicates: apart, artists: true, "
        "unknown_artist: train_only}",
        "datasets.demo.protocols=[stratified]",
        "models.svm={module: mfcc_svm, options: {c: [1], gamma: [1], inverse_temperature: [1]}}",
        "figures.spectrogram.track=blues/blues.00000",
    ],
)
def test_other_possible_values_pass(text):
    config = changed(text)
    if len(config["network"]["conv"]) == 1:
        config["activations"]["layer"] = "pool1"
    check_config(config, SCHEMA_PATH)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("trian={}", "The configuration has an unknown key 'trian'; did you mean 'train'?"),
        ("mel.n_mel=64", "The configuration has an unknown key 'mel.n_mel'; did you mean 'n_mels'?"),
        (
            "train.optimizer.learning_rat=1.0",
            "The configuration has an unknown key 'train.optimizer.learning_rat'; did you mean 'learning_rate'?",
        ),
        (
            "network.conv.1.kernels=[3, 3]",
            "The configuration has an unknown key 'network.conv.1.kernels'; did you mean 'kernel'?",
        ),
        (
            "datasets.demo.artist_per_genre=1",
            "The configuration has an unknown key 'datasets.demo.artist_per_genre'; did you mean 'artists_per_genre'?",
        ),
        ("segment.xyz=1", "The configuration has an unknown key 'segment.xyz'; known here: frames, overlap."),
        ("mel", "The configuration lacks the key 'mel'; set it as in config.yaml."),
        ("mel.fmax", "The configuration lacks the key 'mel.fmax'; set it as in config.yaml."),
        ("datasets.demo.seeds", "The configuration lacks the key 'datasets.demo.seeds'; set it as in config.yaml."),
        ("datasets.demo.source", "The configuration lacks the key 'datasets.demo.source'; set it as in config.yaml."),
        (
            "mel.n_mels=0",
            "The configuration sets mel.n_mels to 0, which is below 1. Number of mel bands; 64 in the paper.",
        ),
        (
            "protocols.stratified.ratio=[0, 0, 0]",
            "The configuration sets protocols.stratified.ratio.0 to 0, which is not above 0. "
            "Each subset needs a part of the tracks.",
        ),
        (
            "protocols.stratified.ratio=[5, 5]",
            "The configuration sets protocols.stratified.ratio to [5, 5], which has fewer than 3 items. "
            "Ratio of training, validation and test tracks; 5, 2, 3 in the paper.",
        ),
        (
            "protocols.stratified.ratio=[1, 1, 1, 1]",
            "The configuration sets protocols.stratified.ratio to [1, 1, 1, 1], which has more than 3 items. "
            "Ratio of training, validation and test tracks; 5, 2, 3 in the paper.",
        ),
        (
            "mel.fmax=12000",
            "The configuration sets mel.fmax to 12000 Hz, above half of mel.sample_rate, 11025 Hz; "
            "lower fmax or raise sample_rate.",
        ),
        ("mel.fmin=10000", "The configuration sets mel.fmin to 10000 Hz, not below fmax = 10000 Hz."),
        (
            "mel.hop_length=513",
            "The configuration sets mel.hop_length to 513, more than n_fft = 512: samples between windows would be "
            "lost; lower hop_length.",
        ),
        (
            "mel.n_fft=511",
            "The configuration sets mel.n_fft to 511, which is not a multiple of 2. "
            "Length of the Hann window and of the Fourier transform [samples], an even number; 512 in the paper.",
        ),
        (
            "datasets.demo.seeds=[1, 2, 1]",
            "The configuration sets datasets.demo.seeds to [1, 2, 1], which names a value twice. "
            "Seeds of splits and networks; one run each.",
        ),
        (
            "datasets.demo.seeds=[-1]",
            "The configuration sets datasets.demo.seeds.0 to -1, which is below 0. "
            "Seeds are whole numbers from 0 to 100000.",
        ),
        (
            "segment.frames=33",
            "network.conv.1 of the model 'cnn' needs 8 frames and gets 7; "
            "make its kernel or pool smaller, or segment.frames or mel.n_mels larger.",
        ),
        (
            "mel.n_mels=9",
            "network.conv.1 of the model 'cnn' needs 4 mel bands and gets 3; "
            "make its kernel or pool smaller, or segment.frames or mel.n_mels larger.",
        ),
        (
            "train.optimizer.learning_rate=1e-3",
            "The configuration sets train.optimizer.learning_rate to '1e-3', which is not of type number. "
            "Learning rate; write 1.0e-3, because some YAML parsers read 1e-3 as text.",
        ),
        (
            "train.optimizer.learning_rate=.nan",
            "The configuration sets train.optimizer.learning_rate to nan, which is not of type number. "
            "Learning rate; write 1.0e-3, because some YAML parsers read 1e-3 as text.",
        ),
        (
            "mel.fmax=.inf",
            "The configuration sets mel.fmax to inf, which is not of type number. "
            "Upper edge of the highest band [Hz], at most half of sample_rate; 10000 in the author's code.",
        ),
        (
            "mel.n_mels=64.0",
            "The configuration sets mel.n_mels to 64.0, which is not of type integer. "
            "Number of mel bands; 64 in the paper.",
        ),
        (
            "train.patience=true",
            "The configuration sets train.patience to True, which is not of type integer. "
            "Epochs without improvement after which training ends.",
        ),
        ("mel=null", "The configuration sets mel to None, which is not of type object."),
        (
            "train.optimizer.name=Adam",
            "The configuration sets train.optimizer.name to 'Adam', which is not one of adam, adadelta, sgd. "
            "Keras optimiser.",
        ),
        (
            "train.optimizer.momentum=0.9",
            "train.optimizer.momentum goes with sgd, not with 'adam'; remove it.",
        ),
        (
            "datasets.demo.train={optimizer: {name: adadelta, learning_rate: 1, momentum: 0.9}}",
            "datasets.demo.train.optimizer.momentum goes with sgd, not with 'adadelta'; remove it.",
        ),
        (
            "datasets.demo.network={convs: []}",
            "The configuration has an unknown key 'datasets.demo.network.convs'; did you mean 'conv'?",
        ),
        (
            "datasets.demo.train={max_epoch: 3}",
            "The configuration has an unknown key 'datasets.demo.train.max_epoch'; did you mean 'max_epochs'?",
        ),
        (
            "network.conv.0.kernel=[3, 0]",
            "The configuration sets network.conv.0.kernel.1 to 0, which is below 1. "
            "Sizes are whole numbers of mel bands and of frames.",
        ),
        (
            "network.dropout=1",
            "The configuration sets network.dropout to 1, which is not below 1. "
            "Dropout rate before and after the hidden layer.",
        ),
        (
            "tracks.max_unusable=5",
            "The configuration sets tracks.max_unusable to 5, which is above 1. "
            "Largest accepted fraction of unusable tracks; with more, the run stops.",
        ),
        (
            "dataset=gtzn",
            "The configuration sets dataset to 'gtzn', which is no key of datasets; did you mean 'gtzan'?",
        ),
        (
            "dataset=mine",
            "The configuration sets dataset to 'mine', which is no key of datasets; those are gtzan, demo, "
            "demo_artists, demo_tags.",
        ),
        (
            "datasets.demo.source=folder",
            "The configuration sets datasets.demo.source to 'folder', which is not one of gtzan, demo, files. "
            "Source of the songs.",
        ),
        (
            "datasets.gtzan.archive=/no/where.tar.gz",
            "The configuration sets datasets.gtzan.archive to '/no/where.tar.gz', which does not exist; correct it.",
        ),
        (
            "datasets.gtzan.mirrors=[ftp://x]",
            "The configuration sets datasets.gtzan.mirrors.0 to 'ftp://x', which does not match ^https?://.",
        ),
    ],
)
def test_bad_value_gets_its_sentence(text, sentence):
    assert complaint(changed(text)) == sentence


@pytest.mark.parametrize("place", ["datasets", "protocols"])
@pytest.mark.parametrize(
    ("name", "rule"),
    [("a/b", "does not match ^[A-Za-z0-9_-]+$"), ("../x", "does not match ^"), (2024, "is not of type string")],
)
def test_name_that_cannot_be_a_folders_is_refused(place, name, rule):
    config = copy.deepcopy(CONFIG)
    config[place][name] = next(iter(config[place].values()))
    text = complaint(config)
    assert text.startswith(f"The configuration has the key {name!r} in {place}, which {rule}")
    assert text.endswith("Names consist of letters, digits, - and _; write a name of digits only in quotes.")


def test_own_music_passes_and_its_missing_folder_is_named(tmp_path):
    config = CONFIG | {"dataset": "mine", "datasets": CONFIG["datasets"] | {"mine": FILES | {"path": str(tmp_path)}}}
    check_config(config, SCHEMA_PATH)
    config["datasets"]["mine"]["path"] = str(tmp_path / "nowhere")
    assert complaint(config) == (
        f"The configuration sets datasets.mine.path to '{tmp_path}/nowhere', which does not exist; correct it."
    )


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "music").mkdir()
    mine = FILES | {"path": "~/music"}
    check_config(CONFIG | {"dataset": "mine", "datasets": {"mine": mine}}, SCHEMA_PATH)


def test_misspelt_path_of_own_music_is_recognised():
    mine = {"source": "files", "pth": "x", "seeds": [1]}
    config = CONFIG | {"dataset": "mine", "datasets": {"mine": mine}}
    assert complaint(config) == "The configuration has an unknown key 'datasets.mine.pth'; did you mean 'path'?"


def resolved(part):
    """Return a part of the schema with what it refers to."""
    return SCHEMA["$defs"][part["$ref"].rsplit("/", 1)[-1]] | part if "$ref" in part else part


def properties(schema, place=()):
    """Walk all properties that a schema describes; `*` stands for the items of a list and for a name of any kind."""
    schema = resolved(schema)
    for name, part in schema.get("properties", {}).items():
        if part is not True:  # described where it is passed on from
            yield (*place, name), resolved(part)
            yield from properties(part, (*place, name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from properties(schema[key], (*place, "*"))
    if not place:
        for source in ("gtzan", "demo", "files"):
            yield from properties(schema["$defs"][source], ("datasets", source))


def test_every_key_is_described_and_no_other_is_taken():
    walked = list(properties(SCHEMA))
    assert len(walked) > 60
    for place, part in walked:
        # A section that holds nothing but keys of its own explains itself.
        assert part.get("description") or part.get("properties"), place
        if "properties" in part:
            assert part.get("additionalProperties") is False, place
    for source in ("gtzan", "demo", "files"):
        assert SCHEMA["$defs"][source]["additionalProperties"] is False


def keys(value, place=()):
    """Walk all keys of a configuration; `*` stands for the items of a list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*place, key)
            yield from keys(inner, (*place, key))
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, (*place, "*"))


def optional(place):
    """Tell whether a key may be missing from the repository's configuration."""
    if place[-1] in ("momentum", "decay", "epsilon", "receptive_fields") or "task" in place:
        return True
    if place[:2] in (("datasets", "files"), ("models", "*")):
        return True
    return (place[:2] == ("network", "context") and len(place) > 2) or place[0::2][:2] in (
        ("datasets", "train"),
        ("datasets", "network"),
    )


def test_every_key_that_the_schema_takes_stands_in_the_configuration():
    ours = set(keys(CONFIG))
    checked = [place for place, _ in properties(SCHEMA) if not optional(place)]
    assert len(checked) > 40
    for place in checked:
        if place[0] in ("datasets", "protocols") and place[1:2] == ("*",):
            assert all((place[0], name, *place[2:]) in ours for name in CONFIG[place[0]]), place
        else:
            assert place in ours, place


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"models": {"cnn": {}, "other": {"shuffled_like": "cnnn"}}},
            "models.other.shuffled_like to 'cnnn', which is no network trained on true labels; those are cnn.",
        ),
        (
            {"models": {"cnn": {}, "one": {"shuffled_like": "cnn"}, "two": {"shuffled_like": "one"}}},
            "models.two.shuffled_like to 'one', which is no network trained on true labels; those are cnn.",
        ),
        (
            {"models": {"cnn": {"shuffled_like": "cnn"}}},
            "models.cnn.shuffled_like to 'cnn', which is no network trained on true labels; add one that is.",
        ),
        (
            {"models": {"cnn": {}, "raw": {"train": {"max_epochs": 0}}, "like": {"shuffled_like": "raw"}}},
            "models.like.shuffled_like to 'raw', which is no network trained on true labels; those are cnn.",
        ),
        (
            {"models": CONFIG["models"] | {"other": {"shuffled_like": "cnn_published_code"}}},
            "models.other.shuffled_like to 'cnn_published_code', which is trained with the recipe 'published_code': "
            "that keeps the last epoch, and a network on shuffled labels is trained up to the best one; name a network "
            "with the recipe 'random_segments', or set models.cnn_published_code.train.recipe to it.",
        ),
        (
            {"train": CONFIG["train"] | {"recipe": "published_code"}},
            "models.cnn_shuffled.shuffled_like to 'cnn', which is trained with the recipe 'published_code'",
        ),
        (
            {"datasets": {"gtzan": CONFIG["datasets"]["gtzan"] | {"train": {"recipe": "published_code"}}}},
            "models.cnn_shuffled.shuffled_like to 'cnn', which is trained with the recipe 'published_code'",
        ),
        (
            {"figures": CONFIG["figures"] | {"model": "cnn_untrained"}},
            "figures.model to 'cnn_untrained', which is no network trained on true labels; those are cnn, "
            "cnn_published_code,",
        ),
        (
            {"activations": CONFIG["activations"] | {"layer": "pool3"}},
            "layer to 'pool3', which the network does not have; it has conv1, pool1, conv2, pool2, dense, output.",
        ),
        (
            {"activations": CONFIG["activations"] | {"positions": [[0, 0], [14, 2]]}},
            "[14, 2] is not on the map of 'pool2'; frames go from 0 to 13, mel bands from 0 to 13.",
        ),
        (
            {"activations": {"layer": "dense", "positions": [[0, 1]], "overlap": 0.1}},
            "[0, 1] is not on the map of 'dense'; frames go from 0 to 0, mel bands from 0 to 0.",
        ),
        ({"models": {"cnn": {}, "same_spectrum": {}}}, "the model 'same_spectrum', a name that is taken;"),
        (
            {"models": {"cnn": {}, "other": {"module": "mfc_svm"}}},
            "models.other.module to 'mfc_svm', which is no module of earfield.models; those are cdbn, ensemble, ",
        ),
        (
            {"models": {"cnn": {}, "other": {"module": "majority", "train": {}}}},
            "models.other.train, which goes with networks; remove it.",
        ),
        (
            {"models": {"cnn": {}, "other": {"module": "majority", "options": {"c": 1}}}},
            "models.other.options.c, which the module does not take; it takes none; remove it.",
        ),
        (
            {"models": {"cnn": {}, "other": {"module": "mel_logistic", "options": {}}}},
            "lacks the key 'models.other.options.c'; the module needs it.",
        ),
        (
            {"models": {"cnn": {}, "other": {"options": {"c": 1}}}},
            "models.other.options, which go with a module; name one or remove.",
        ),
        (
            {"models": {"cnn": {}, "svm": {"module": "majority"}, "like": {"shuffled_like": "svm"}}},
            "models.like.shuffled_like to 'svm', which is no network trained on true labels; those are cnn.",
        ),
        ({"models": {"cnm": {}}}, "figures.model to 'cnn', which is no key of models; those are cnm."),
    ],
)
def test_models_and_layers_that_do_not_fit_together_are_refused(change, sentence):
    assert sentence in complaint(CONFIG | change)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "models.mel_logistic.options.c=1",
            "models.mel_logistic.options.c to 1, which is not of type array. Write a list, each value of it a number, "
            "such as [1.0e-3].",
        ),
        ("models.mel_logistic.options.c=[]", "options.c to [], which has fewer than 1 items. Write a list, each value"),
        (
            "models.mfcc_svm.options.gamma=[0.1, 1e-3]",
            "models.mfcc_svm.options.gamma.1 to '1e-3', which is not of type number. Write a list, each value of it a",
        ),
        (
            "models.mfcc_svm.options.gamma=[.nan]",
            "models.mfcc_svm.options.gamma.0 to nan, which is not of type number.",
        ),
        (
            "models.ensemble.options.trees=[400]",
            "models.ensemble.options.trees to [400], which is not of type integer. Write a whole number, such as 3.",
        ),
        ("models.tzanetakis_knn.options.k=[1, 2.5]", "models.tzanetakis_knn.options.k.1 to 2.5, which is not of type"),
        ("models.cdbn.options.bases=300", "models.cdbn.options.bases to 300, which is not of type array. Write a list"),
        ("models.cdbn.options.epochs=true", "models.cdbn.options.epochs to True, which is not of type integer. Write"),
        (
            "models.cdbn.options.components='64'",
            "models.cdbn.options.components to '64', which is not of type number. Write a number, such as 1.0e-3. "
            "(--config reads what is nested as text:",
        ),
    ],
)
def test_options_of_the_wrong_type_are_refused(text, sentence):
    assert sentence in complaint(changed(text))


@pytest.mark.parametrize(
    "text",
    ["models.cdbn.options.components=0.99", "models.mel_logistic.options.c=[1]", "models.ensemble.options.trees=1"],
)
def test_options_of_the_right_type_pass(text):
    check_config(changed(text), SCHEMA_PATH)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "datasets.demo.protocols=[stratified, artists]",
            "names 'artists' in datasets.demo.protocols, which is no key of protocols; those are stratified, artist,",
        ),
        (
            "protocols.mine={kind: same_splits, of: stratified, seeds: 5}",
            "sets protocols.mine.kind to 'same_splits', which is no longer a kind; write the kind and the other split "
            "settings of the protocol whose splits it has: protocols with equal split settings share splits and runs,",
        ),
        (
            "protocols.artist.of=stratified",
            "has the key 'protocols.artist.of', which is no longer one; write the kind and the other split settings of",
        ),
        (
            "models.cdbn.rival=true",
            "has the key 'models.cdbn.rival', which is no longer one; remove it, and name in protocols.*.models the "
            "models of a protocol that is not to run all.",
        ),
        ("mel.of=1", "The configuration has an unknown key 'mel.of'; known here: sample_rate,"),
        (
            "models.cnn={network: {scale: decibels}}",
            "network.scale of the model 'cnn' to 'decibels', whose receptive fields are not those of ln(1 + power);",
        ),
        (
            "models.cnn={network: {context: {frames: 9, conv: [{filters: 1, kernel: [3, 3], pool: [1, 1], l2: 0}]}}}",
            "gives the model 'cnn' a network.context, and receptive fields are estimated from segments alone;",
        ),
        (
            "models.x={network: {context: {frames: 2, conv: [{filters: 1, kernel: [3, 3], pool: [1, 1], l2: 0}]}}}",
            "network.context.conv.0 of the model 'x' needs 3 frames and gets 2; make its kernel or pool smaller, or "
            "network.context.frames or mel.n_mels larger.",
        ),
        (
            "datasets.demo_artists.protocols=[stratified, artist]",
            "names 'artist' in datasets.demo_artists.protocols, which keeps an artist in one subset, and "
            "datasets.demo_artists.task classifies artists; remove either.",
        ),
        (
            "datasets.demo_artists.task.min_tracks=2",
            "datasets.demo_artists.task.min_tracks to 2, which is below 3. Minimum number of usable tracks of ",
        ),
        (
            "datasets.demo_artists.task.kind=composer",
            "datasets.demo_artists.task.kind to 'composer', which is not one of artist, tags.",
        ),
        (
            "datasets.demo_artists.task.columns=[label]",
            "datasets.demo_artists.task.columns to ['label'], which goes with the kind 'tags', not with "
            "'artist'; remove it.",
        ),
        (
            "datasets.demo_artists.task.kind=tags",
            "lacks the key 'datasets.demo_artists.task.columns'; name those with tags.",
        ),
        (
            "datasets.demo_tags.protocols=[stratified, five_genres]",
            "names 'five_genres' in datasets.demo_tags.protocols, which splits by one label of each track, and "
            "datasets.demo_tags.task has several tags; name one of the kind stratified or artist, without `labels`.",
        ),
        (
            "figures.protocol=stratified_variants",
            "figures.protocol to 'stratified_variants', whose splits and runs are those of 'stratified', an earlier "
            "protocol with equal split settings; name that, and",
        ),
        (
            "models.majority={module: majority, segment: {frames: 86}}",
            "models.majority.segment, which goes with networks; remove it.",
        ),
        (
            "protocols.artist.models=[cnn, svm]",
            "names 'svm' in protocols.artist.models, which is no key of models; those are cnn,",
        ),
        (
            "protocols.cross_validation.artists=true",
            "lacks the key 'protocols.cross_validation.unknown_artist'; say what",
        ),
        ("protocols.fault_filtered.path=no.csv", "protocols.fault_filtered.path to 'no.csv', which does not exist;"),
        (
            "datasets.gtzan.protocols=[artist]",
            "figures.protocol to 'stratified', which is none of the protocols of the dataset 'gtzan'; those are art",
        ),
        (
            "protocols.stratified.models=[mfcc_svm]",
            "figures.model to 'cnn', which is not run under figures.protocol, 'stratified'; those are mfcc_svm.",
        ),
        (
            "protocols.artist.unknown_artist=alone",
            "which is not one of own_group, one_group_per_label, train_only, exclude.",
        ),
        (
            "protocols.stratified.train_share=0.5",
            "unknown key 'protocols.stratified.train_share'; did you mean 'train_f",
        ),
        ("protocols.stratified.repeats=apart", "'protocols.stratified.repeats'; did you mean 'duplicates'?"),
        ("protocols.stratified.folds=3", "unknown key 'protocols.stratified.folds'; known here: kind, ratio,"),
        ("protocols.stratified.train_fraction=0", "protocols.stratified.train_fraction to 0, which is not above 0."),
        ("datasets.gtzan.seeds=[1, 2, 1]", "datasets.gtzan.seeds to [1, 2, 1], which names a value twice."),
    ],
)
def test_protocols_that_do_not_fit_are_refused(text, sentence):
    assert sentence in complaint(changed(text))


def test_protocol_of_tags_needs_a_model_that_can_learn_them():
    mine = "{kind: stratified, ratio: [5, 2, 3], duplicates: apart, models: [cnn_published_code, tzanetakis_knn]}"
    config = changed(f"protocols.mine={mine}")
    config["datasets"]["demo_tags"]["protocols"] = ["mine"]
    assert (
        "names no model in protocols.mine.models that can learn the several tags of datasets.demo_tags.task; those are "
        "cnn, cnn_untrained, cnn_shuffled, mfcc_svm, mel_logistic, "
    ) in complaint(config)
    config["protocols"]["mine"]["models"].append("mfcc_svm")
    check_config(config, SCHEMA_PATH)


def test_model_that_no_protocol_runs_is_refused():
    config = changed("models.nearest={module: mel_logistic, options: {c: [1]}}")
    check_config(config, SCHEMA_PATH)  # by the protocols without `models`
    for protocol in config["protocols"].values():
        protocol.setdefault("models", [name for name in config["models"] if name != "nearest"])
    assert complaint(config) == (
        "The configuration has the model 'nearest' in models, which no protocol runs; add it to protocols.*.models "
        "where it is to be run, or remove it."
    )
    config["protocols"]["artist"]["models"].append("nearest")
    check_config(config, SCHEMA_PATH)
