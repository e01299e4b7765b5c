"""What the app works on, without Textual: drafts, proposals, run requests, run progress."""
