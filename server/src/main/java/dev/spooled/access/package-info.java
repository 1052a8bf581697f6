/// Who is calling: API keys, their hashes, their scopes.
@NullMarked
package dev.spooled.access;

import org.jspecify.annotations.NullMarked;
