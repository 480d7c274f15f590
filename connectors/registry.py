"""The kinds of sources. A new kind is a module in `connectors/sources` and a line here."""

from typing import Final

from connectors.base import Kind
from connectors.sources import csv_file, mentor_feed, ucsf_profiles

KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (csv_file.KIND, mentor_feed.KIND, ucsf_profiles.KIND)}
