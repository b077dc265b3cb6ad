"""What schemathesis cannot make up: photos. Its command loads this (SCHEMATHESIS_HOOKS)."""

import schemathesis
from hypothesis import strategies

from tests.support.photos import photo

PHOTOS = [photo(shade=shade) for shade in range(11)] + [photo(64, 48, kind="png")]

schemathesis.openapi.media_type("image/jpeg", strategies.sampled_from(PHOTOS))
