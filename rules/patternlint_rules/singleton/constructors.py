"""The constructors of other people's resources, by the package that a name comes from."""

from __future__ import annotations

# package (dots for a subpackage) -> what makes a resource there: something that holds sockets, files, threads or
# processes, and that somebody has to close
_MAKERS = {
    "aiohttp": "ClientSession TCPConnector",
    "aiokafka": "AIOKafkaConsumer AIOKafkaProducer",
    "anthropic": "Anthropic AsyncAnthropic",
    "asyncpg": "connect create_pool",
    "azure": "BlobServiceClient CosmosClient SecretClient ServiceBusClient get_bearer_token_provider",
    "boto3": "client resource",
    "builtins": "open",
    "cassandra": "Cluster",
    "clickhouse_connect": "get_client",
    "concurrent.futures": "ProcessPoolExecutor ThreadPoolExecutor",
    "confluent_kafka": "Consumer Producer",
    "docker": "APIClient DockerClient from_env",
    "elasticsearch": "AsyncElasticsearch Elasticsearch",
    "ftplib": "FTP FTP_TLS",
    "grpc": "insecure_channel secure_channel",
    "http.client": "HTTPConnection HTTPSConnection",
    "httpx": "AsyncClient Client",
    "imaplib": "IMAP4 IMAP4_SSL",
    "kafka": "KafkaConsumer KafkaProducer",
    "ldap3": "Connection",
    "motor": "AsyncIOMotorClient",
    "multiprocessing": "Manager Pool Process SyncManager",
    "mysql": "connect",
    "nats": "connect",
    "neo4j": "driver",
    "openai": "AsyncAzureOpenAI AsyncOpenAI AzureOpenAI OpenAI",
    "opensearchpy": "OpenSearch",
    "paramiko": "SSHClient Transport",
    "pika": "BlockingConnection SelectConnection",
    "psycopg": "connect",
    "psycopg2": "SimpleConnectionPool ThreadedConnectionPool connect",
    "psycopg_pool": "AsyncConnectionPool ConnectionPool",
    "pymongo": "AsyncMongoClient MongoClient",
    "pymysql": "connect",
    "redis": "BlockingConnectionPool ConnectionPool Redis RedisCluster Sentinel StrictRedis",
    "requests": "Session session",
    "smtplib": "SMTP SMTP_SSL",
    "socket": "create_connection create_server socket socketpair",
    "sqlalchemy": "create_async_engine create_engine",
    "sqlite3": "connect",
    "subprocess": "Popen",
    "tempfile": "NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory TemporaryFile",
    "threading": "Thread Timer",
    "urllib3": "HTTPConnectionPool PoolManager ProxyManager",
    "zmq": "Context",
}
_BY_PACKAGE = {package: frozenset(names.split()) for package, names in _MAKERS.items()}
# resources that belong to the event loop they were made in
_OF_A_LOOP = frozenset("aiohttp aiokafka asyncpg motor nats".split())
_OF_A_LOOP_NAMES = ("Async", "AIO")


def known_resource(dotted: str) -> str:
    """The name of the resource that a call of this absolute dotted name makes, "" where it is none that is known.

    ``redis.asyncio.client.Redis`` and the other constructors of a class (``redis.ConnectionPool.from_url``) count.
    """
    parts = dotted.split(".")
    for length in (1, 2):
        names = _BY_PACKAGE.get(".".join(parts[:length]), frozenset())
        behind = parts[length:]
        for last in behind[-2:]:
            if last in names and not (last[0].islower() and last != behind[-1]):
                return last
            if parts[0] == "azure" and last.endswith("Credential"):
                return last
    return ""


def is_known_package(dotted: str) -> bool:
    """Whether it is known which of a package's names make resources: the others make none."""
    parts = dotted.split(".")
    return any(".".join(parts[:length]) in _BY_PACKAGE for length in (1, 2))


def is_of_a_loop(dotted: str) -> bool:
    """Whether what a call of this name makes lives on an event loop, where one thread alone makes it."""
    parts = dotted.split(".")
    return parts[0] in _OF_A_LOOP or "asyncio" in parts[:2] or any(p.startswith(_OF_A_LOOP_NAMES) for p in parts[1:])
