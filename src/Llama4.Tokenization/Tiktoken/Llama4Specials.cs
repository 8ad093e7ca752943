namespace Llama4.Tokenization.Tiktoken;

/// <summary>
/// The 2,048 special names of Llama 4, in the order of their ids, which follow the ranks. A tiktoken file does not hold them
/// (meta-llama/llama-models, models/llama4/tokenizer.py).
/// </summary>
internal static class Llama4Specials
{
    /// <summary>How many ranks Llama 4's own file has.</summary>
    public const int Llama4Ranks = 200_000;

    private const int All = 2_048;

    /// <summary>Names and ids, the first at <paramref name="firstId"/>.</summary>
    public static IEnumerable<KeyValuePair<string, int>> From(int firstId)
    {
        string[] names =
        [
            "begin_of_text", "end_of_text", "fim_prefix", "fim_middle", "fim_suffix",
            "header_start", "header_end", "eom", "eot", "step",
            .. Numbered("text_post_train_reserved_special_token", 0, 5),
            "python_start", "python_end", "finetune_right_pad",
            .. Numbered("text_post_train_reserved_special_token", 8, 68),
            "image_start", "image_end",
            .. Numbered("vision_reserved_special_token", 0, 1),
            "tile_x_separator", "tile_y_separator",
            .. Numbered("vision_reserved_special_token", 2, 5),
            "image",
            .. Numbered("vision_reserved_special_token", 6, 6),
            "patch",
            .. Numbered("vision_reserved_special_token", 7, 1047),
            .. Numbered("reasoning_reserved_special_token", 0, 7),
            "reasoning_thinking_start", "reasoning_thinking_end",
            .. Numbered("reserved_special_token", 0, 903),
        ];
        if (names.Length != All)
        {
            throw new InvalidOperationException($"Llama 4 has {All} special tokens, the table {names.Length}.");
        }

        return names.Select((name, i) => KeyValuePair.Create($"<|{name}|>", firstId + i));
    }

    private static IEnumerable<string> Numbered(string name, int first, int last) =>
        Enumerable.Range(first, last - first + 1).Select(number => $"{name}_{number}");
}
