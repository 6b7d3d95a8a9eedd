"""网络直播: sessions, venues and their links, what is on air, questions."""
