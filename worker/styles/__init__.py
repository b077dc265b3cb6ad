"""Styles: resident models that turn photos into cartoons."""
