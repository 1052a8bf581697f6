/// A Redis that may be slow, frozen or gone: nobody waits for it beyond a bound, and nothing is kept in it that
/// matters. All is in `Redis`.
@NullMarked
package dev.spooled.redis;

import org.jspecify.annotations.NullMarked;
