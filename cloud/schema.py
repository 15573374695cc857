"""The tables of the night's file.

Rule: a later version only adds tables; an earlier file is brought up to date when it is opened to be written.
"""

from __future__ import annotations

SCHEMA_VERSION = 5

#: Version -> what it added.
ADDED = {
    3: """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE listening (
  run INTEGER PRIMARY KEY, from_utc_us INTEGER NOT NULL, to_utc_us INTEGER NOT NULL) STRICT;
CREATE TABLE boots (
  boot INTEGER NOT NULL UNIQUE, device_id TEXT, config_hash INTEGER, parameters_hash INTEGER,
  last_seq INTEGER NOT NULL, lost INTEGER NOT NULL, duplicates INTEGER NOT NULL) STRICT;
CREATE TABLE anchors (
  boot INTEGER NOT NULL, t_us INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  PRIMARY KEY (boot, t_us)) STRICT, WITHOUT ROWID;
CREATE TABLE packets (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, type INTEGER NOT NULL, t_us INTEGER NOT NULL,
  utc_us INTEGER NOT NULL, n_bytes INTEGER NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE vitals (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL, frame INTEGER NOT NULL,
  state TEXT NOT NULL, saturated INTEGER NOT NULL, gap_before INTEGER NOT NULL, confidence REAL NOT NULL,
  respiration_rate_per_min REAL, respiration_validity REAL NOT NULL, respiration_reason TEXT NOT NULL,
  moving INTEGER, motion_db REAL, motion_validity REAL NOT NULL, motion_reason TEXT NOT NULL,
  distance_mm REAL, distance_validity REAL NOT NULL, azimuth_deg REAL, elevation_deg REAL,
  position_reason TEXT NOT NULL,
  wave BLOB, wave_utc_us INTEGER NOT NULL, wave_validity REAL NOT NULL, wave_reason TEXT NOT NULL,
  quality_breathing REAL NOT NULL, quality_motion REAL NOT NULL,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE transitions (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  from_state TEXT NOT NULL, to_state TEXT NOT NULL, reason TEXT NOT NULL,
  silent_from_utc_us INTEGER, silent_to_utc_us INTEGER, silent_reason TEXT,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE occupancy (
  utc_us INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, UNIQUE (utc_us, state, reason)) STRICT;
CREATE TABLE alarm_events (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  event TEXT NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
  device_utc_us INTEGER, set_for_utc_us INTEGER,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE user (utc_us INTEGER PRIMARY KEY, who TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE sessions (
  in_bed_utc_us INTEGER PRIMARY KEY, opened_utc_us INTEGER NOT NULL,
  last_present_utc_us INTEGER NOT NULL, out_of_bed_utc_us INTEGER,
  state TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE absences (
  from_utc_us INTEGER PRIMARY KEY, to_utc_us INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE epochs (
  utc_us INTEGER PRIMARY KEY, stage INTEGER, p_wake REAL, p_light REAL, p_deep REAL, p_rem REAL,
  respiration_rate_per_min REAL, movement REAL, confidence REAL, distance_mm REAL,
  occupied TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE intents (
  utc_us INTEGER NOT NULL, state TEXT NOT NULL, told_utc_us INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE rings (
  told_utc_us INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE settings (
  name TEXT PRIMARY KEY, value TEXT NOT NULL, utc_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
""",
    4: """
CREATE TABLE room (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  temperature_c REAL, temperature_reason TEXT NOT NULL, humidity_pct REAL, humidity_reason TEXT NOT NULL,
  light_lux REAL, light_reason TEXT NOT NULL,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE faults (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  reason TEXT NOT NULL, present INTEGER NOT NULL, times INTEGER NOT NULL,
  from_utc_us INTEGER NOT NULL, to_utc_us INTEGER,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE health (
  from_utc_us INTEGER PRIMARY KEY, to_utc_us INTEGER NOT NULL, boot INTEGER NOT NULL,
  reset_cause TEXT NOT NULL, changes INTEGER NOT NULL, present TEXT NOT NULL, past TEXT NOT NULL) STRICT;
CREATE TABLE incidents (
  from_utc_us INTEGER NOT NULL, what TEXT NOT NULL, to_utc_us INTEGER, detail TEXT NOT NULL,
  PRIMARY KEY (from_utc_us, what)) STRICT, WITHOUT ROWID;
""",
    5: """
CREATE TABLE gaps (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, utc_us INTEGER NOT NULL,
  of_boot INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  what TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE untimed (
  boot INTEGER NOT NULL, seq INTEGER NOT NULL, type INTEGER NOT NULL, t_us INTEGER NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY (boot, seq)) STRICT, WITHOUT ROWID;
""",
}


def upgrade(version: int) -> str:
    """The statements that bring a file of this version up to date; 0: an empty file."""
    added = "".join(sql for since, sql in ADDED.items() if since > version)
    return f"BEGIN; {added} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
