@org.jspecify.annotations.NullMarked
package dev.spooled.ingestion;
