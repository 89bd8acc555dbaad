-- When a sender was last heard of: its head tells that only when it moves.
ALTER TABLE hoso.sender_epoch ADD COLUMN heard_at timestamptz;
