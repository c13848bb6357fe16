"""Injections: how the states after earlier layers are combined into a layer's input."""

from builders.injections.base import Form, Injection
from builders.injections.registry import injection
from builders.injections.weighted import COEFFICIENT

__all__ = ["COEFFICIENT", "Form", "Injection", "injection"]
