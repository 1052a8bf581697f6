/// Does a server keep its promises? Starts servers, loads them over the public wire only while it breaks what can
/// break, writes down all it asked and heard, and judges that history. Open `Main`, then `Run`, then `check.Checks`.
@NullMarked
package dev.spooled.conformance;

import org.jspecify.annotations.NullMarked;
