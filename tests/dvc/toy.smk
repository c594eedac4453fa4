"""A workflow with the stages, the folders and the start of the real one, whose jobs cost nothing."""


configfile: "config.yaml"


include: "workflow/rules/common.smk"


DATASET = config["dataset"]
PROTOCOLS = INPUTS.built_protocols()
RESULTS, DATA = f"results/{DATASET}", f"data/{DATASET}"


rule all:
    default_target: True
    input:
        f"{DATA}/features/shard-00.csv",
        f"{RESULTS}/figures/fig1.png",
        INPUTS.built_runs("evaluate/metrics.json", PROTOCOLS, ["cnn"]),
        f"{RESULTS}/claims/claims.md" if config["evidence"] else [],


rule evidence:
    input:
        rules.all.input,
        INPUTS.built_runs("evaluate/metrics.json", ["stratified", "artist"], ["cnn"]),
        f"{RESULTS}/claims/claims.md",


rule all_audio:
    input:
        f"{DATA}/audio",


rule all_tracks:
    input:
        f"{DATA}/tracks/tracks.csv",


rule all_mel:
    input:
        f"{DATA}/mel/shard-00.npy",


rule all_features:
    input:
        f"{DATA}/features/shard-00.csv",


rule all_splits:
    input:
        INPUTS.built_splits(PROTOCOLS),


rule all_train:
    input:
        INPUTS.built_runs("train/model.keras", PROTOCOLS, ["cnn"]),


rule all_evaluate:
    input:
        INPUTS.built_runs("evaluate/metrics.json", PROTOCOLS, ["cnn"]),


rule all_activations:
    input:
        INPUTS.built_runs("activations/dump", ["stratified"], ["cnn"]),


rule all_filters:
    input:
        f"{RESULTS}/filters/resemblance.csv",


rule all_figures:
    input:
        f"{RESULTS}/figures/fig1.png",


rule all_claims:
    input:
        f"{RESULTS}/claims/claims.md" if config["evidence"] else [],


rule audio_demo:
    output:
        folder=directory("data/{dataset}/audio"),
    params:
        settings=config["datasets"][DATASET]["seconds"],
    script:
        "workflow/scripts/toy.py"


rule tracks:
    input:
        "data/{dataset}/audio",
    output:
        "data/{dataset}/tracks/tracks.csv",
    script:
        "workflow/scripts/toy.py"


rule mel:
    input:
        "data/{dataset}/tracks/tracks.csv",
    output:
        "data/{dataset}/mel/shard-00.npy",
    params:
        settings=config["mel"]["n_mels"],
    script:
        "workflow/scripts/toy.py"


rule features:
    input:
        "data/{dataset}/mel/shard-00.npy",
    output:
        "data/{dataset}/features/shard-00.csv",
    script:
        "workflow/scripts/toy.py"


rule splits:
    input:
        "data/{dataset}/tracks/tracks.csv",
    output:
        "data/{dataset}/splits/{protocol}/{seed}.csv",
    params:
        settings=lambda wildcards: config["protocols"][wildcards.protocol]["ratio"],
    script:
        "workflow/scripts/toy.py"


rule train:
    input:
        "data/{dataset}/mel/shard-00.npy",
        "data/{dataset}/splits/{protocol}/{seed}.csv",
    output:
        "results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
    params:
        settings=config["train"]["max_epochs"],
    script:
        "workflow/scripts/toy.py"


rule evaluate:
    input:
        "results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
    output:
        "results/{dataset}/evaluate/{protocol}/{seed}/{model}/metrics.json",
    script:
        "workflow/scripts/toy.py"


rule activations:
    input:
        "results/{dataset}/train/{protocol}/{seed}/{model}/model.keras",
    output:
        folder=directory(
            "results/{dataset}/activations/{protocol}/{seed}/{model}/dump"
        ),
    script:
        "workflow/scripts/toy.py"


rule filters:
    input:
        INPUTS.built_runs("activations/dump", ["stratified"], ["cnn"]),
    output:
        "results/{dataset}/filters/resemblance.csv",
    script:
        "workflow/scripts/toy.py"


rule figures:
    input:
        "results/{dataset}/filters/resemblance.csv",
    output:
        "results/{dataset}/figures/fig1.png",
    params:
        settings=config["figures"]["spectrogram"]["start"],
    script:
        "workflow/scripts/toy.py"


rule claims:
    input:
        INPUTS.built_runs("evaluate/metrics.json", ["stratified", "artist"], ["cnn"]),
    output:
        "results/{dataset}/claims/claims.md",
    script:
        "workflow/scripts/toy.py"
