package dev.spooled.db;

import java.util.List;

/// One named statement of a .sql file: its text with `?` for each use of a parameter, and the parameters' names in the
/// order of those uses.
public record Sql(String name, String text, List<String> parameters) {}
