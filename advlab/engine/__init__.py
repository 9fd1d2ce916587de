"""The machine that makes a book of measurements: it knows no attack, no network and no page of this one."""
