namespace Llama4.Compute.Kernels;

/// <summary>The fixed sizes of attention: changing one changes bits.</summary>
internal static class AttentionShapes
{
    /// <summary>Keys of one run of the online softmax: four blocks of 32, counted from the table's start.</summary>
    public const int RunKeys = 128;

    /// <summary>Largest head: scores are one chain of multiply-adds, and rows of q lie in one packed block of 512.</summary>
    public const int HeadDimMax = 512;
}
