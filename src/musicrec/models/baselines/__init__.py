"""Systems that know nothing of a person, and the planted truth."""
