"""The config tree: a leaf that everybody may read, and that imports nothing heavy."""

from pipeline.config.beam import Beam, Flink, Runner
from pipeline.config.config import Config, Pusher
from pipeline.config.data import Data, FileSplits, GroupSplits, HashSplits, Schema, TimeSplits
from pipeline.config.drift import Drift, Report, Serving
from pipeline.config.duplicates import Duplicates
from pipeline.config.evaluator import Evaluator, Ranges, Threshold
from pipeline.config.features import (
    Buckets,
    Cross,
    Embedding,
    Feature,
    Hashed,
    Identity,
    MinMax,
    Numeric,
    OneHot,
    Vocabulary,
    ZScore,
    columns_of,
    feature_key,
)
from pipeline.config.images import Color, Crop, CutMix, Flip, Image, MixUp, RandomCrop, Rotation, Shift
from pipeline.config.kubeflow import Key, Kubeflow, Mount, Retries, Volume
from pipeline.config.machine import Machine
from pipeline.config.model import Head, Label, Model
from pipeline.config.networks import CNN, Backbone, ResNet
from pipeline.config.pools import GKE_ACCELERATOR, GPU_PRODUCT, Expression, NodePool, Taint
from pipeline.config.record import Record
from pipeline.config.resources import Resources
from pipeline.config.trainer import EarlyStopping, ReduceLearningRate, Schedule, Trainer
from pipeline.config.tuner import Choice, Range, Tuner

__all__ = [
    "Backbone", "Beam", "Buckets", "Choice", "CNN", "Color", "columns_of", "Config", "Crop", "Cross", "CutMix", "Data",
    "Drift", "Duplicates", "EarlyStopping", "Embedding", "Evaluator", "Expression", "Feature", "feature_key",
    "FileSplits", "Flink", "Flip", "GKE_ACCELERATOR", "GPU_PRODUCT", "GroupSplits", "Hashed", "HashSplits", "Head",
    "Identity", "Image", "Key", "Kubeflow", "Label", "Machine", "MinMax", "MixUp", "Model", "Mount", "NodePool",
    "Numeric", "OneHot", "Pusher", "RandomCrop", "Range", "Ranges", "Record", "ReduceLearningRate", "Report", "ResNet",
    "Resources", "Retries", "Runner", "Rotation", "Schedule", "Schema", "Serving", "Shift", "Taint", "Threshold",
    "TimeSplits", "Trainer", "Tuner", "Vocabulary", "Volume", "ZScore",
]  # fmt: skip
