/// The HTTP server and what every request passes: ids, versions, limits, errors.
@NullMarked
package dev.spooled.web;

import org.jspecify.annotations.NullMarked;
