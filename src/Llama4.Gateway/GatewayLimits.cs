using Llama4.Images;

namespace Llama4.Gateway;

/// <summary>Every bound of the gateway, each a sum of named uses. Past one the answer is 400, 413, 429 or 503, at once.</summary>
public sealed record GatewayLimits
{
    /// <summary>
    /// Requests inside the gateway at one time; past it 429. The default, 384 = 64 that decode in one batch
    /// + 256 that wait in the engine's queue + 64 whose body is being read or whose last bytes are being sent.
    /// </summary>
    public int ConcurrentRequestsMax { get; init; } = 64 + 256 + 64;

    /// <summary>Of them from one caller once no more than so many places are left, past it 429: one that keeps all it can get open shuts nobody else out.</summary>
    public int ConcurrentPerCallerMax { get; init; } = 64;

    /// <summary>
    /// Bytes of one request body; past it 413. The default, 8 MiB + 64 KiB = text of a prompt (2 M characters of a token each
    /// in the worst case of four bytes, so that a prompt too long for the context is told its length instead of being cut off)
    /// + 64 KiB of settings (1,024 biases of 32 bytes, 4 stop strings of 1,024 characters at 6 bytes, names).
    /// </summary>
    public int BodyBytesMax { get; init; } = (8 << 20) + (64 << 10);

    /// <summary>
    /// Bytes more that data: URIs may add to a body where the model takes pictures; past it 413. 64 MiB = 48 MiB of files as base64:
    /// <see cref="PicturesMax"/> photographs of 4.8 MiB, or two of the largest that <see cref="Picture"/> lets through.
    /// </summary>
    public int PictureBodyBytesMax { get; init; } = 64 << 20;

    /// <summary>
    /// Bytes of all bodies being read and of all pictures being fetched, together; past it 429, to whoever's bytes come next. 256 MiB = 3 of the largest
    /// bodies, or 32 of text alone, or 190 with a photograph of 1 MB each. Until a request is read each byte costs up to five of memory (as it
    /// came, as JSON, as text in two, as a file): 1.25 GiB for all; up to ten in a body of nothing but short numbers.
    /// </summary>
    public long BodyBytesTotalMax { get; init; } = 256L << 20;

    /// <summary>
    /// The first bytes of each body do not count towards <see cref="BodyBytesTotalMax"/>, so that questions in words are not refused because of
    /// others' pictures. 64 KiB = some 15,000 words; 24 MiB for all requests.
    /// </summary>
    public int BodyBytesFree { get; init; } = 64 << 10;

    /// <summary>Answers of one request, prompts times n; past it 400. 128 = what OpenAI allows for n.</summary>
    public int ChoicesMax { get; init; } = 128;

    /// <summary>Entries of logit_bias; past it 400. Each is applied to the logits at each step.</summary>
    public int LogitBiasMax { get; init; } = 1024;

    /// <summary>Ids in allowed_token_ids; past it 400. They are applied at each step, and go with each draw to another host.</summary>
    public int AllowedIdsMax { get; init; } = 1024;

    /// <summary>Entries of bad_words; past it 400. 128 of them at most <see cref="BadWordCharsMax"/> long are at worst 16,000 ids, held against the answer's last ones at each step.</summary>
    public int BadWordsMax { get; init; } = 128;

    /// <summary>Characters of one bad word; past it 400.</summary>
    public int BadWordCharsMax { get; init; } = 64;

    /// <summary>Entries of dry_sequence_breakers; past it 400.</summary>
    public int DryBreakersMax { get; init; } = 32;

    /// <summary>Characters of one of them, as llama.cpp has it; past it 400.</summary>
    public int DryBreakerCharsMax { get; init; } = 40;

    /// <summary>
    /// Tokens of the vocabulary that they may be in; past it 400. They go with each draw to another host. 16,384 = five times those of llama-server's own four, which are in 3,119 of
    /// Llama 4's tokens; all tokens with a full stop are 4,526, all with a blank 102,766.
    /// </summary>
    public int DryBreakerIdsMax { get; init; } = 16 * 1024;

    /// <summary>Characters of cache_salt; past it 400. 1,024 = vLLM's bound. Only a hash of it is kept.</summary>
    public int CacheSaltCharsMax { get; init; } = 1024;

    /// <summary>Stop strings of a request, as OpenAI has it; past it 400.</summary>
    public int StopStringsMax { get; init; } = 4;

    /// <summary>Characters of one stop string; past it 400. As many may be held back from a stream while a stop is still possible.</summary>
    public int StopCharsMax { get; init; } = 1024;

    /// <summary>Ids in stop_token_ids; past it 400.</summary>
    public int StopIdsMax { get; init; } = 128;

    /// <summary>Pictures of a request; past it 400. Ten, as many as fill a context of 32,768 tokens with tiles of all 17 kinds.</summary>
    public int PicturesMax { get; init; } = 10;

    /// <summary>What one picture may have of bytes, of pixels (held against its head, before anything is decoded) and on a side; past it 400.</summary>
    public ImageLimits Picture { get; init; } = ImageLimits.Default;

    /// <summary>Requests whose pictures are decoded at one time, others wait: a large one takes up to 0.8 GB for that moment.</summary>
    public int DecodesMax { get; init; } = 2;

    /// <summary>How long a request may wait for others' pictures to be decoded; past it 503. 30 s = 60 large pictures before it, at half a second each and two at a time, and as much again.</summary>
    public TimeSpan DecodeWaitLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pictures that are fetched at one time, for all requests; others wait. 16 = a request of ten and half of another.</summary>
    public int FetchesMax { get; init; } = 16;

    /// <summary>How long a picture may wait for others to be fetched; past it 503. 5 s = ten turns of half a second.</summary>
    public TimeSpan FetchWaitLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long fetching a picture may take, from asking for its host's address to its last byte, redirects included; past it 400. 10 s = 20 MiB over 17 Mbit/s.</summary>
    public TimeSpan FetchLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Redirects followed for one picture; past it 400. Three = to https, to a host's real name, to where its files are.</summary>
    public int RedirectsMax { get; init; } = 3;

    /// <summary>Tools of a request, as OpenAI has it; past it 400.</summary>
    public int ToolsMax { get; init; } = 128;

    /// <summary>Characters of a tool's name, as OpenAI has it; past it 400.</summary>
    public int ToolNameCharsMax { get; init; } = 64;

    /// <summary>
    /// Tokens that an answer whose length the request leaves open takes of its key's limit until it ends and the true number is known.
    /// 512 = a long answer of a dialog.
    /// </summary>
    public int AnswerTokensEstimate { get; init; } = 512;

    /// <summary>
    /// How long each <see cref="BodyBytesMax"/> of a request's body may take to arrive; past it 408.
    /// 30 s = 8 MiB over a line of 2.2 Mbit/s.
    /// </summary>
    public TimeSpan BodyReadLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one write may wait for a client that doesn't read; past it the connection is cut and the sequence freed.
    /// 20 s = ten TCP retransmissions of a client that moves between networks.
    /// </summary>
    public TimeSpan StalledReaderLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long the cluster may give nothing for a request before it ends with an error.
    /// 10 minutes = 5 behind a full queue + 5 of prefill of the longest prompt.
    /// </summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long running answers may go on after shutdown began; past it they end with an error. 20 s of the 30 s Kubernetes gives.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long answers that were ended by shutdown may take to write their error, before connections are cut.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Retry-After of 429 and 503 where the cluster names no time of its own: about one short answer.</summary>
    public int RetryAfterSeconds { get; init; } = 1;

    /// <summary>Readers of /console/live; past it 503. Each costs one write a second.</summary>
    public int LiveWatchersMax { get; init; } = 16;

    /// <summary>Between two events of /console/live.</summary>
    public TimeSpan LiveEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Log-probabilities of prompts in one answer, past it 400: tokens of the prompts, times n, times what is told of each, its own and the best. 1,048,576 = 80 MB of JSON; 128
    /// prompts of 4,096 tokens with logprobs 1.
    /// </summary>
    public int PromptLogprobsMax { get; init; } = 1 << 20;

    /// <summary>Answers of one request that asks for the paths of its tokens; past it 400.</summary>
    public int TracedChoicesMax { get; init; } = 4;

    /// <summary>
    /// Answers with paths at one time; past it 429. 16 = 115 MB of paths that wait for slow readers, at 7 KB a token of 48 layers and 1,024 tokens an answer.
    /// </summary>
    public int TracedAnswersMax { get; init; } = 16;

    /// <summary>How long one readiness probe may take: a forward pass of one token, cold caches included.</summary>
    public TimeSpan ProbeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between two readiness probes.</summary>
    public TimeSpan ProbePause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Probes before the gateway gives up and says why it never became ready. 3,000 at 200 ms = 10 minutes of refusals; int.MaxValue is 13 years.</summary>
    public int ProbesMax { get; init; } = 3000;
}
