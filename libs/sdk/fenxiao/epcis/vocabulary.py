"""The words of the Core Business Vocabulary 2.0 (CBV 7; measurement types: GS1 Web Vocabulary), in all their spellings.

One word has four: bare as in JSON (`shipping`), Web URI (`https://ref.gs1.org/cbv/BizStep-shipping`), compact URI
(`cbv:BizStep-shipping`) and the URN of EPCIS 1.2 (`urn:epcglobal:cbv:bizstep:shipping`).
"""

import re
from enum import Enum
from typing import Final

CBV: Final = "https://ref.gs1.org/cbv/"
GS1: Final = "https://gs1.org/voc/"

_BIZ_STEPS = """
    accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping
"""
_DISPOSITIONS = """
    active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed
    recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown
"""
_BIZ_TRANSACTION_TYPES = "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
_COMPONENTS = """
    x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
    longitude altitude
"""
_MEASUREMENTS = """
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity
    SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber
"""


def _spellings(prefix: str, urn: str) -> tuple[str, ...]:
    """Every prefix under which a list's words stand: of Web URIs, compact URIs, URNs, and of drafts of the standard."""
    local = prefix.rsplit("/", 1)[-1]
    if prefix == GS1:
        homes = (
            "https://gs1.org/voc/",
            "http://gs1.org/voc/",
            "https://www.gs1.org/voc/",
            "http://www.gs1.org/voc/",
            "gs1:",
        )
        return tuple(home + draft for home in homes for draft in ("MT-", ""))
    homes = (CBV, "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/", "cbv:")
    return (*(home + local for home in homes), *filter(None, [urn]))


class Vocabulary(Enum):
    """A list of standard words: name for people, prefix of the Web URIs, words, and segment of the older URNs."""

    BIZ_STEP = ("business step", CBV + "BizStep-", _BIZ_STEPS, "bizstep")
    DISPOSITION = ("disposition", CBV + "Disp-", _DISPOSITIONS, "disp")
    BIZ_TRANSACTION = ("business transaction type", CBV + "BTT-", _BIZ_TRANSACTION_TYPES, "btt")
    SOURCE_DESTINATION = ("source or destination type", CBV + "SDT-", "owning_party possessing_party location", "sdt")
    ERROR_REASON = ("error reason", CBV + "ER-", "did_not_occur incorrect_data", "er")
    COMPONENT = ("component", CBV + "Comp-", _COMPONENTS, "")
    MEASUREMENT = ("measurement type", GS1, _MEASUREMENTS, "")
    SENSOR_ALERT = ("sensor alert type", GS1, "ALARM_CONDITION ERROR_CONDITION", "")

    def __init__(self, label: str, prefix: str, words: str, urn: str) -> None:
        self.label = label
        self.prefix = prefix
        self.words = frozenset(words.split())
        self.urn = f"urn:epcglobal:cbv:{urn}:" if urn else ""
        self._prefixes = _spellings(prefix, self.urn)
        self._lower = {word.lower(): word for word in self.words}

    def uri(self, text: str) -> str:
        """Give the Web URI of a standard word; any other text as it is."""
        return self.prefix + text if text in self.words else text

    def word(self, text: str) -> str:
        """Give the bare word for any spelling of it: bare, Web URI, compact URI, URN; any other text as it is."""
        if text in self.words:
            return text
        for prefix in self._prefixes:
            if text.startswith(prefix) and (word := text[len(prefix) :]) in self.words:
                return word
        return text

    def guess(self, text: str) -> str | None:
        """Find the standard word that a careless text means: `Shipping`, `in transit`, `BizStep-receiving`."""
        word = self.word(text.strip())
        if word in self.words:
            return word
        tail = word.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        for start in (self.prefix.rsplit("/", 1)[-1], "MT-"):
            tail = tail.removeprefix(start)
        own = ":" not in word or word.startswith(self._prefixes)
        return self._lower.get(tail.lower().replace(" ", "_").replace("-", "_")) if own else None


_URNS = {vocabulary.urn: vocabulary.prefix for vocabulary in Vocabulary if vocabulary.urn}
_URN = re.compile("|".join(map(re.escape, _URNS)))


def web_uri(text: str) -> str:
    """Give the Web URI of an older standard URN, such as `urn:epcglobal:cbv:bizstep:shipping`; other text as it is."""
    found = _URN.match(text)
    return _URNS[found.group()] + text[found.end() :] if found else text
