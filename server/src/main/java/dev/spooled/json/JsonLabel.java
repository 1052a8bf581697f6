package dev.spooled.json;

import org.jspecify.annotations.Nullable;

/// A member of an object by which it may be found, with its value's text if that is a string, a number or a flag; or a
/// string of an array, which has no value.
public record JsonLabel(String name, @Nullable String value) {}
