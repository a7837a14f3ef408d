"""Hand every answer to the archive."""

from scrapy.crawler import Crawler

from crawlers.ledger import Answer, Ledger
from crawlers.spider import StatusQuoSpider


class ArchivePipeline:
    """Puts answers into the ledger, which stores them in batches; what is left is stored when the spider closes."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ArchivePipeline":
        """Make it for a crawl."""
        return cls(crawler)

    def process_item(self, item: Answer) -> Answer:
        """Take one answer."""
        self._find_ledger().record(item)
        return item

    def close_spider(self) -> None:
        """Store what is left."""
        ledger = self._find_ledger()
        if ledger.has_news and ledger.failure is None:
            ledger.store()

    def _find_ledger(self) -> Ledger:
        if not isinstance(self.crawler.spider, StatusQuoSpider):
            raise TypeError(f"expected the spider of this project, found {self.crawler.spider!r}")
        return self.crawler.spider.ledger
