namespace Llama4.Cluster.Spans;

/// <summary>Names of the attributes of spans; the table is in docs/decisions/traces.md.</summary>
internal static class SpanTags
{
    public const string Host = "llama4.host";
    public const string Replica = "llama4.replica";
    public const string Epoch = "llama4.epoch";
    public const string Prompt = "llama4.prompt.tokens";
    public const string Emitted = "llama4.emitted.tokens";
    public const string Finish = "llama4.finish";
    public const string Step = "llama4.step";
    public const string Rows = "llama4.rows";
    public const string OwnRows = "llama4.rows.own";
    public const string Sequences = "llama4.sequences";
    public const string Token = "llama4.token.index";
    public const string IsDeep = "llama4.token.full_depth";
    public const string FirstLayer = "llama4.stage.first_layer";
    public const string Layers = "llama4.stage.layers";
    public const string Layer = "llama4.layer";
    public const string AttentionUs = "llama4.attention_us";
    public const string FeedForwardUs = "llama4.feed_forward_us";
    public const string Expert = "llama4.expert";
    public const string ExpertScore = "llama4.expert.score";
    public const string ExpertHost = "llama4.expert.host";
    public const string ExpertUs = "llama4.expert_us";
    public const string ExpertRows = "llama4.expert.rows";
    public const string WireUs = "llama4.wire_us";
    public const string Merged = "llama4.rows.merged";
    public const string Questions = "llama4.questions.merged";
    public const string Group = "llama4.expert.group";
}
