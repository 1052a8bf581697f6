-- Deleted organizations: kept for a while, so that a deletion can be undone, then taken apart by a chore.
-- Run as spooled_owner inside schema spooled.

-- When a deleted organization's rows may go; null while it is in use. Keys stop working with deleted_at at once.
alter table organization add column purge_at timestamptz;
create index organization_to_purge on organization (purge_at) where purge_at is not null;

-- Jobs created before this are no longer counted against the day: the operator has set the count back.
alter table organization add column usage_reset_at timestamptz;
