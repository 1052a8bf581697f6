/// Settings: every variable and flag once, in `Setting`; the tree of values in `Config`.
@NullMarked
package dev.spooled.config;

import org.jspecify.annotations.NullMarked;
