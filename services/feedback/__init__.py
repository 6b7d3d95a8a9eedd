"""意见建议与采纳情况: suggestions from form, live question and on-site notes; decisions; the adoption table."""
