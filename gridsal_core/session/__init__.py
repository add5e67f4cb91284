"""What an analyst keeps: explanations with notes, and the session they belong to."""
